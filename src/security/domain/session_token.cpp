#include "security/domain/session_token.hpp"

#include <algorithm>

namespace pgmind::security {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_session_id(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return kHexDigits.find(c) != std::string_view::npos; });
}

}  // namespace

std::optional<SessionTokenParts> parse_session_token(std::string_view text) {
    if (text.size() != kSessionTokenLength || !text.starts_with(kSessionPrefix)) {
        return std::nullopt;
    }
    text.remove_prefix(kSessionPrefix.size());
    const SessionTokenParts parts{text.substr(0, kSessionIdLength),
                                  text.substr(kSessionIdLength + 1)};
    if (text[kSessionIdLength] != '_' || !is_session_id(parts.session_id) ||
        !is_key_secret(parts.secret)) {
        return std::nullopt;
    }
    return parts;
}

std::string format_session_token(std::string_view session_id, std::string_view secret) {
    std::string text;
    text.reserve(kSessionTokenLength);
    text += kSessionPrefix;
    text += session_id;
    text += '_';
    text += secret;
    return text;
}

std::string session_id_of(std::string_view seed, const KeyDigest& digest_of_seed) {
    std::string id(seed);
    for (std::size_t i = 0; i < kSessionTagLength / 2; ++i) {
        id += kHexDigits[digest_of_seed[i] >> 4];
        id += kHexDigits[digest_of_seed[i] & 0x0f];
    }
    return id;
}

std::string seed_message(std::string_view seed) {
    return "pgmind session id 1\n" + std::string(seed);
}

std::string session_message(std::string_view session_id, std::string_view secret,
                            std::string_view principal_id) {
    std::string message = "pgmind session 1\n";
    message.reserve(message.size() + session_id.size() + secret.size() + principal_id.size());
    message += session_id;
    message += secret;
    message += principal_id;
    return message;
}

std::string_view unusable_reason(const SessionDetails& session, const SessionRules& rules,
                                 WallTime now) {
    if (session.revoked_at) {
        return "session revoked";
    }
    if (now >= session.expires_at) {
        return "session expired";
    }
    return now - session.last_used_at >= rules.idle ? "session idle for too long" : "";
}

}  // namespace pgmind::security
