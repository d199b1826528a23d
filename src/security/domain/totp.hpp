#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace pgmind::security {

// Codes of RFC 6238 as every authenticator app makes them: HMAC-SHA1, 30 seconds, six digits. The
// HMAC comes from outside; here is only what is done with it.

using TotpMac = std::array<std::uint8_t, 20>;

inline constexpr std::int64_t kTotpPeriodSeconds = 30;
inline constexpr std::size_t kTotpDigits = 6;
inline constexpr std::size_t kTotpSecretBytes = 20;
/// A code of one step earlier or later counts too: clocks differ, and typing takes time.
inline constexpr std::int64_t kTotpStepsAround = 1;

/// Steps since 1970.
std::int64_t totp_step(WallTime time);
/// What the HMAC is made over: the step in eight bytes, the largest first.
std::string totp_message(std::int64_t step);
/// The last `digits` (6 to 8) decimal digits that RFC 4226 takes from a MAC.
std::uint32_t totp_number(const TotpMac& mac, std::size_t digits);

/// The number that six digits are, blanks between them left out; nullopt for anything else.
std::optional<std::uint32_t> parse_totp_code(std::string_view text);

/// The step around `now` whose code it is, the newest of several; nullopt when it is of none, or
/// only of steps up to `last_step`, which were used. Asks for each MAC whatever it finds.
std::optional<std::int64_t> matching_step(std::uint32_t code, WallTime now, std::int64_t last_step,
                                          const std::function<TotpMac(std::string_view)>& mac);

/// RFC 4648 section 6 without padding.
std::string to_base32(std::string_view bytes);

/// What authenticator apps read from a QR code; `name` is percent-encoded.
std::string totp_uri(std::string_view issuer, std::string_view name, std::string_view secret);

// Recovery codes: 80 random bits as four groups of four letters and digits, each good for once.
inline constexpr std::size_t kRecoveryCodes = 10;
inline constexpr std::size_t kRecoveryBytes = 10;
/// "abcd-efgh-ijkl-mnop" of 10 bytes.
std::string format_recovery_code(std::string_view bytes);
/// The code in the form of format_recovery_code(), however it was typed; nullopt when it is none.
std::optional<std::string> parse_recovery_code(std::string_view text);
/// What the stored digest is made over.
std::string recovery_message(std::string_view code, std::string_view principal_id);

}  // namespace pgmind::security
