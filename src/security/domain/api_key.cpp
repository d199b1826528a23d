#include "security/domain/api_key.hpp"

namespace pgmind::security {
namespace {

bool is_key_id(std::string_view text) {
    for (const char c : text) {
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.size() == kKeyIdLength;
}

}  // namespace

bool is_key_secret(std::string_view text) {
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            return false;
        }
    }
    return text.size() == kKeySecretLength;
}

std::optional<ApiKeyParts> parse_api_key(std::string_view text) {
    if (text.size() != kKeyLength || !text.starts_with(kKeyPrefix)) {
        return std::nullopt;
    }
    text.remove_prefix(kKeyPrefix.size());
    const ApiKeyParts parts{text.substr(0, kKeyIdLength), text.substr(kKeyIdLength + 1)};
    if (text[kKeyIdLength] != '_' || !is_key_id(parts.key_id) || !is_key_secret(parts.secret)) {
        return std::nullopt;
    }
    return parts;
}

std::string format_api_key(std::string_view key_id, std::string_view secret) {
    std::string text;
    text.reserve(kKeyLength);
    text += kKeyPrefix;
    text += key_id;
    text += '_';
    text += secret;
    return text;
}

std::string key_message(std::string_view key_id, std::string_view secret,
                        std::string_view principal_id) {
    std::string message = "pgmind api key 1\n";
    message.reserve(message.size() + key_id.size() + secret.size() + principal_id.size());
    message += key_id;
    message += secret;
    message += principal_id;
    return message;
}

}  // namespace pgmind::security
