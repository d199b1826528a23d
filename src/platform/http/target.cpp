#include "platform/http/target.hpp"

#include "base/text.hpp"
#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Appends `encoded`, decoded; false when a percent sign is not followed by two hexadecimal digits,
// or stands for NUL (which neither PostgreSQL nor C strings can carry).
bool append_decoded(std::string& decoded, std::string_view encoded, bool plus_is_space) {
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        const char c = encoded[i];
        if (c == '+' && plus_is_space) {
            decoded += ' ';
        } else if (c != '%') {
            decoded += c;
        } else {
            if (encoded.size() - i < 3) {
                return false;
            }
            const int high = hex_value(encoded[i + 1]);
            const int low = hex_value(encoded[i + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return false;
            }
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return true;
}

tl::unexpected<Error> malformed(std::string detail) {
    return fail(Errc::malformed, std::move(detail));
}

constexpr std::string_view kBadEscape =
    " holds a percent sign that is not followed by two hexadecimal digits other than 00";
constexpr std::string_view kNotUtf8 = " is not UTF-8 after percent-decoding";

Result<void> decode_part(std::string& decoded, std::string_view encoded, bool plus_is_space,
                         std::string_view what) {
    if (encoded.find_first_of("%+") == std::string_view::npos) {
        decoded.assign(encoded);  // plain ASCII: nothing to decode or to check
        return {};
    }
    decoded.clear();
    if (!append_decoded(decoded, encoded, plus_is_space)) {
        return malformed(std::string(what).append(kBadEscape));
    }
    if (!is_utf8(decoded)) {
        return malformed(std::string(what).append(kNotUtf8));
    }
    return {};
}

Result<void> parse_path(std::string_view path, RequestHead& head) {
    if (auto decoded = decode_part(head.path, path, false, "the path"); !decoded) {
        return decoded;
    }
    if (path.size() == 1) {
        return {};
    }
    std::size_t begin = 1;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (head.segments.size() == kSegmentsMax) {
            return malformed("the path has more than 64 segments");
        }
        std::string& segment = head.segments.emplace_back();
        auto decoded = decode_part(segment, path.substr(begin, end - begin), false, "the path");
        if (!decoded) {
            return decoded;
        }
        begin = end + 1;
    }
    return {};
}

Result<void> parse_query(std::string_view query, RequestHead& head) {
    std::size_t begin = 0;
    while (begin < query.size()) {
        const std::size_t end = std::min(query.find('&', begin), query.size());
        const std::string_view pair = query.substr(begin, end - begin);
        begin = end + 1;
        if (pair.empty()) {
            continue;
        }
        if (head.query.size() == kQueryParametersMax) {
            return malformed("the query has more than 256 parameters");
        }
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto& [name, value] = head.query.emplace_back();
        if (auto decoded = decode_part(name, pair.substr(0, equals), true, "the query"); !decoded) {
            return decoded;
        }
        const std::string_view rest = pair.substr(std::min(equals + 1, pair.size()));
        if (auto decoded = decode_part(value, rest, true, "the query"); !decoded) {
            return decoded;
        }
    }
    return {};
}

// Takes "http://authority" off an absolute-form target.
Result<std::string_view> strip_authority(std::string_view target, const RequestHead& head) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos ||
        (!equals_ignoring_case(target.substr(0, scheme), "http") &&
         !equals_ignoring_case(target.substr(0, scheme), "https"))) {
        return malformed("the request target is neither a path nor an http URL");
    }
    const std::string_view rest = target.substr(scheme + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (!equals_ignoring_case(rest.substr(0, end), head.headers.find("Host").value_or(""))) {
        return malformed("the request target and the Host field name different hosts");
    }
    return rest.substr(end);
}

}  // namespace

Result<void> parse_target(std::string_view target, RequestHead& head) {
    head.path.clear();
    head.segments.clear();
    head.query.clear();
    for (const char c : target) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7f || byte == '#') {
            return malformed("the request target holds a character that must be percent-encoded");
        }
    }
    if (target == "*") {
        head.path = "*";
        return {};
    }
    if (!target.starts_with('/')) {
        auto stripped = strip_authority(target, head);
        if (!stripped) {
            return fail(stripped.error());
        }
        target = *stripped;
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    // The absolute form may leave the path out: "http://host?x=1".
    const std::string_view path = question == 0 ? "/" : target.substr(0, question);
    if (auto parsed = parse_path(path, head); !parsed) {
        return parsed;
    }
    return parse_query(target.substr(std::min(question + 1, target.size())), head);
}

}  // namespace pgmind::http
