#include "memory/domain/cursor.hpp"

#include <array>
#include <optional>

#include "base/text.hpp"
#include "memory/api/filter_sql.hpp"

namespace pgmind::memory {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kHeadBytes = 18;                      // format, scope, fingerprint, time
constexpr std::int64_t kTimeMax = 253'402'300'799'999'999;  // the last moment of year 9999
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<std::uint8_t>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            text += kAlphabet[(bits >> count) & 63];
        }
    }
    if (count > 0) {
        text += kAlphabet[(bits << (6 - count)) & 63];
    }
    return text;
}

// Nothing but the one spelling of some bytes: bits left over at the end must be zero.
std::optional<std::string> from_base64url(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>((bits >> count) & 0xff);
        }
    }
    const bool stray = count == 6 || (bits & ((1u << count) - 1)) != 0;
    return stray ? std::nullopt : std::optional(std::move(bytes));
}

// FNV-1a over texts, each with its length, so that ("ab", "c") is not ("a", "bc").
class Fingerprint {
  public:
    void add(std::string_view text) {
        add(static_cast<std::uint64_t>(text.size()));
        for (const char c : text) {
            mix(static_cast<std::uint8_t>(c));
        }
    }
    void add(std::uint64_t number) {
        for (int shift = 0; shift < 64; shift += 8) {
            mix(static_cast<std::uint8_t>(number >> shift));
        }
    }
    std::uint64_t value() const { return hash_; }

  private:
    void mix(std::uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }
    std::uint64_t hash_ = 0xcbf29ce484222325;
};

void append_number(std::string& bytes, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        bytes += static_cast<char>((number >> shift) & 0xff);
    }
}

std::uint64_t read_number(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char c : bytes.substr(0, 8)) {
        number = (number << 8) | static_cast<std::uint8_t>(c);
    }
    return number;
}

tl::unexpected<Error> bad_cursor(std::string detail) {
    return fail(invalid_argument("cursor", std::move(detail)));
}

}  // namespace

std::uint64_t fingerprint_of(const ListRequest& request) {
    Fingerprint fingerprint;
    fingerprint.add("entries");
    fingerprint.add(request.namespace_name);
    fingerprint.add(request.key_prefix);
    fingerprint.add(static_cast<std::uint64_t>(request.scope));
    fingerprint.add(static_cast<std::uint64_t>(request.order));
    fingerprint.add(static_cast<std::uint64_t>(request.descending));
    if (request.filter) {
        const FilterSql filter = compile_filter(*request.filter, 1);
        fingerprint.add(filter.sql.text());
        for (const std::string& parameter : filter.parameters) {
            fingerprint.add(parameter);
        }
    }
    return fingerprint.value();
}

std::uint64_t fingerprint_of(const NamespaceListRequest& request) {
    Fingerprint fingerprint;
    fingerprint.add("namespaces");
    fingerprint.add(request.name_prefix);
    fingerprint.add(static_cast<std::uint64_t>(request.scope));
    return fingerprint.value();
}

std::string encode_cursor(std::uint64_t fingerprint, const Position& position) {
    std::string bytes;
    bytes.reserve(kHeadBytes + position.name.size());
    bytes += kFormat;
    bytes += position.scope == Scope::shared ? 's' : 'p';
    append_number(bytes, fingerprint);
    append_number(bytes, static_cast<std::uint64_t>(position.time_us));
    bytes += position.name;
    return to_base64url(bytes);
}

Result<Position> decode_cursor(std::uint64_t fingerprint, std::string_view cursor) {
    constexpr std::size_t kTextMax = (kHeadBytes + Limits::key_bytes_max) * 4 / 3 + 2;
    if (cursor.size() > kTextMax) {
        return bad_cursor("is longer than any cursor");
    }
    const std::optional<std::string> bytes = from_base64url(cursor);
    if (!bytes || bytes->size() <= kHeadBytes || (*bytes)[0] != kFormat ||
        ((*bytes)[1] != 'p' && (*bytes)[1] != 's')) {
        return bad_cursor("is not one that this service gave");
    }
    const std::string_view view = *bytes;
    if (read_number(view.substr(2)) != fingerprint) {
        return bad_cursor(
            "belongs to another question: it goes on only with the same namespace, "
            "scope, prefix, order and filter");
    }
    const auto time_us = static_cast<std::int64_t>(read_number(view.substr(10)));
    const std::string_view name = view.substr(kHeadBytes);
    if (time_us < 0 || time_us > kTimeMax || !is_utf8(name) ||
        name.find('\0') != std::string_view::npos) {
        return bad_cursor("is not one that this service gave");
    }
    return Position{time_us, std::string(name), view[1] == 's' ? Scope::shared : Scope::project};
}

}  // namespace pgmind::memory
