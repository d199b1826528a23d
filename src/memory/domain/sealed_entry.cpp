#include "memory/domain/sealed_entry.hpp"

#include <cstdint>

#include "memory/domain/errors.hpp"

namespace pgmind::memory {
namespace {

constexpr std::string_view kBefore = R"({"$sealed": ")";
constexpr std::string_view kAfter = R"("})";
constexpr char kVersion = 1;

void append_part(std::string& packed, std::string_view part) {
    const auto size = static_cast<std::uint32_t>(part.size());
    for (int shift = 24; shift >= 0; shift -= 8) {
        packed.push_back(static_cast<char>(size >> shift));
    }
    packed += part;
}

std::optional<std::string> take_part(std::string_view& packed) {
    if (packed.size() < 4) {
        return std::nullopt;
    }
    std::uint32_t size = 0;
    for (const char c : packed.substr(0, 4)) {
        size = size << 8 | static_cast<std::uint8_t>(c);
    }
    packed.remove_prefix(4);
    if (packed.size() < size) {
        return std::nullopt;
    }
    std::string part(packed.substr(0, size));
    packed.remove_prefix(size);
    return part;
}

}  // namespace

std::string pack(const SealedContent& content) {
    std::string packed(1, kVersion);
    packed.push_back(content.text ? 1 : 0);
    append_part(packed, content.value_json);
    append_part(packed, content.metadata_json);
    append_part(packed, content.text.value_or(""));
    return packed;
}

Result<SealedContent> unpack(std::string_view packed) {
    const bool known = packed.size() >= 2 && packed[0] == kVersion && (packed[1] & ~1) == 0;
    const bool has_text = known && packed[1] == 1;
    packed.remove_prefix(known ? 2 : packed.size());
    auto value = take_part(packed);
    auto metadata = take_part(packed);
    auto text = take_part(packed);
    if (!value || !metadata || !text || !packed.empty()) {
        return fail(Errc::unexpected_answer, "a sealed entry has a form that is not known here");
    }
    SealedContent content{std::move(*value), std::nullopt, std::move(*metadata)};
    if (has_text) {
        content.text = std::move(*text);
    }
    return content;
}

std::string sealed_value(std::string_view sealed, std::string_view fingerprint) {
    std::string value(kBefore);
    value += sealed;
    if (!fingerprint.empty()) {
        value += R"(", "$fingerprint": ")";
        value += fingerprint;
    }
    value += kAfter;
    return value;
}

std::optional<std::string_view> sealed_in(std::string_view value_json) {
    if (!value_json.starts_with(kBefore) || !value_json.ends_with(kAfter)) {
        return std::nullopt;
    }
    value_json.remove_prefix(kBefore.size());
    value_json.remove_suffix(kAfter.size());
    const bool one_text = value_json.find_first_of("\"\\") == std::string_view::npos;
    return one_text ? std::optional(value_json) : std::nullopt;
}

std::string compact_json(std::string_view json) {
    std::string compact;
    compact.reserve(json.size());
    bool in_text = false;
    bool escaped = false;
    for (const char c : json) {
        if (in_text) {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            continue;
        } else {
            in_text = c == '"';
        }
        compact.push_back(c);
    }
    return compact;
}

}  // namespace pgmind::memory
