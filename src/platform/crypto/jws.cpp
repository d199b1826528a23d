#include "platform/crypto/jws.hpp"

#include "platform/crypto/crypto.hpp"

namespace pgmind::crypto {
namespace {

constexpr json::ReadLimits kHeaderLimits{.bytes_max = std::size_t{4} * 1024, .depth_max = 8};
constexpr std::size_t kNameBytesMax = 256;

tl::unexpected<Error> refused(std::string detail) {
    return fail(BaseErrc::invalid_argument, std::move(detail));
}

// A member of the header that must be a text where it is given; `out` stays empty without it.
bool read_text(const json::Object& header, std::string_view name, std::string& out) {
    const json::Value* value = header.find(name);
    if (value == nullptr) {
        return true;
    }
    if (value->kind() != json::Kind::string) {
        return false;
    }
    out = json::decode_string(*value);
    return !out.empty() && out.size() <= kNameBytesMax;
}

Result<void> read_header(std::string_view text, CompactJws& token) {
    const auto header = json::parse_object(text, kHeaderLimits);
    if (!header) {
        return refused("the token's header is no JSON object");
    }
    if (header->find("crit") != nullptr || header->find("b64") != nullptr) {
        return refused("the token needs extensions that are not known");
    }
    if (!read_text(*header, "alg", token.algorithm) || token.algorithm.empty()) {
        return refused("the token names no algorithm");
    }
    if (!read_text(*header, "kid", token.key_id) || !read_text(*header, "typ", token.type)) {
        return refused("the token's header is malformed");
    }
    return {};
}

}  // namespace

Result<CompactJws> CompactJws::parse(std::string_view token, std::size_t bytes_max) {
    if (token.size() > bytes_max) {
        return refused("the token is too long");
    }
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
        return refused("the token has not three parts");
    }
    const auto header = from_base64url(token.substr(0, first));
    auto payload = from_base64url(token.substr(first + 1, second - first - 1));
    auto signature = from_base64url(token.substr(second + 1));
    if (!header || !payload || !signature) {
        return refused("the token is no canonical base64url");
    }
    CompactJws parsed;
    if (auto read = read_header(*header, parsed); !read) {
        return fail(std::move(read.error()));
    }
    parsed.signed_text = token.substr(0, second);
    parsed.payload = std::move(*payload);
    parsed.signature = std::move(*signature);
    return parsed;
}

Result<void> verify(const CompactJws& token, const VerificationKey& key) {
    if (token.algorithm != name_of(key.algorithm())) {
        return refused("the token's algorithm is not the key's");
    }
    if (!token.key_id.empty() && token.key_id != key.key_id()) {
        return refused("the token names another key");
    }
    if (!key.verify(token.signed_text, token.signature)) {
        return refused("the token's signature is wrong");
    }
    return {};
}

}  // namespace pgmind::crypto
