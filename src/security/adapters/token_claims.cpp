#include "security/adapters/token_claims.hpp"

#include <algorithm>

#include "platform/json/field_reader.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kPathPartsMax = 4;

tl::unexpected<Error> malformed(std::string_view claim) {
    return fail(BaseErrc::invalid_argument, "malformed claim " + std::string(claim));
}

// By its name, else by the path that it is. Nothing when it is not there or null.
std::optional<json::Value> find_claim(const json::Object& payload, std::string_view name) {
    const auto present = [](const json::Value* value) -> std::optional<json::Value> {
        return value == nullptr || value->is_null() ? std::nullopt : std::optional(*value);
    };
    if (const json::Value* value = payload.find(name)) {
        return present(value);
    }
    json::Object object = payload;
    for (std::size_t depth = 1; depth < kPathPartsMax; ++depth) {
        const std::size_t dot = name.find('.');
        const json::Value* value = object.find(name.substr(0, dot));
        if (dot == std::string_view::npos || value == nullptr) {
            return present(value);
        }
        auto inner = json::Object::of(*value, "");
        if (!inner) {
            return std::nullopt;
        }
        object = std::move(*inner);
        name.remove_prefix(dot + 1);
    }
    return std::nullopt;
}

Result<std::string> read_text(const json::Object& payload, std::string_view name) {
    const auto value = find_claim(payload, name);
    if (!value) {
        return std::string();
    }
    if (value->kind() != json::Kind::string) {
        return malformed(name);
    }
    return json::decode_string(*value);
}

Result<std::optional<std::int64_t>> read_time(const json::Object& payload, std::string_view name) {
    const auto value = find_claim(payload, name);
    if (!value) {
        return std::optional<std::int64_t>();
    }
    const auto seconds = json::to_integer(*value);
    if (!seconds) {
        return malformed(name);
    }
    return std::optional(*seconds);
}

// A text counts as a list of one; with `words` as one of those between its blanks, as in "scope".
Result<std::vector<std::string>> read_texts(const json::Object& payload, std::string_view name,
                                            bool words) {
    std::vector<std::string> texts;
    const auto value = name.empty() ? std::nullopt : find_claim(payload, name);
    if (!value) {
        return texts;
    }
    if (value->kind() == json::Kind::string) {
        const std::string text = json::decode_string(*value);
        for (std::size_t begin = 0; begin <= text.size();) {
            const std::size_t end =
                words ? std::min(text.find(' ', begin), text.size()) : text.size();
            texts.push_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
    } else if (value->kind() == json::Kind::array) {
        for (const json::Value& element : json::elements(*value)) {
            if (element.kind() != json::Kind::string) {
                return malformed(name);
            }
            texts.push_back(json::decode_string(element));
        }
    } else {
        return malformed(name);
    }
    std::erase(texts, "");
    if (texts.size() > kClaimValuesMax) {
        return malformed(name);
    }
    return texts;
}

// Gives `read` to `place`, or remembers the failure.
template <class T>
void take(Result<T> read, T& place, std::optional<Error>& failure) {
    if (read) {
        place = std::move(*read);
    } else {
        failure = std::move(read.error());
    }
}

}  // namespace

Result<TokenClaims> read_claims(const json::Object& payload, const OidcProvider& provider) {
    TokenClaims claims;
    std::optional<Error> failure;
    take(read_text(payload, "iss"), claims.issuer, failure);
    take(read_text(payload, "sub"), claims.subject, failure);
    take(read_texts(payload, "aud", false), claims.audiences, failure);
    take(read_time(payload, "exp"), claims.expires_at, failure);
    take(read_time(payload, "nbf"), claims.not_before, failure);
    take(read_time(payload, "iat"), claims.issued_at, failure);
    take(read_text(payload, provider.name_claim), claims.name, failure);
    if (!provider.kind_claim.empty()) {
        take(read_text(payload, provider.kind_claim), claims.kind, failure);
    }
    take(read_texts(payload, provider.role_claim, true), claims.roles, failure);
    take(read_texts(payload, provider.namespace_claim, false), claims.namespaces, failure);
    if (failure) {
        return fail(std::move(*failure));
    }
    return claims;
}

}  // namespace pgmind::security
