#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "security/api/principal.hpp"
#include "security/domain/api_key.hpp"

namespace pgmind::security {

inline constexpr std::string_view kSessionPrefix = "pgs_";
inline constexpr std::size_t kSessionSeedLength = 16;  ///< hexadecimal, 64 random bits
inline constexpr std::size_t kSessionTagLength = 16;   ///< hexadecimal, of an HMAC of the seed
inline constexpr std::size_t kSessionIdLength = kSessionSeedLength + kSessionTagLength;
inline constexpr std::size_t kSessionTokenLength =
    kSessionPrefix.size() + kSessionIdLength + 1 + kKeySecretLength;

struct SessionTokenParts {
    std::string_view session_id;
    std::string_view secret;
};

/// The parts of `pgs_<session id>_<secret>`, as views into `text`; nullopt unless the form is
/// exact.
std::optional<SessionTokenParts> parse_session_token(std::string_view text);
std::string format_session_token(std::string_view session_id, std::string_view secret);

/// A session's id is a random seed and a tag of it that only holders of the HMAC key can make: an
/// invented token is known as such without asking the database.
std::string session_id_of(std::string_view seed, const KeyDigest& digest_of_seed);
std::string seed_message(std::string_view seed);

/// What the stored digest is made over; no API key has the same message.
std::string session_message(std::string_view session_id, std::string_view secret,
                            std::string_view principal_id);

struct SessionRules {
    std::chrono::seconds idle{std::chrono::minutes(30)};
    std::chrono::seconds lifetime{std::chrono::hours(12)};
};

/// Why the session may not be used at `now`; empty when it may. Literals, for the audit record.
std::string_view unusable_reason(const SessionDetails& session, const SessionRules& rules,
                                 WallTime now);

}  // namespace pgmind::security
