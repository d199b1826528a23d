#include "integration/domain/header_value.hpp"

#include <algorithm>
#include <cstdint>

namespace pgmind::integration::mcp {
namespace {

constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Strict: whole groups, padding only at the end, unused bits zero.
std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    const std::size_t content = text.find_last_not_of('=') + 1;
    const std::size_t padding = text.size() - content;
    if (padding > 2) {
        return std::nullopt;
    }
    std::string bytes;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text.substr(0, content)) {
        const std::size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>((bits >> count) & 0xFFU);
        }
    }
    const bool unused_bits_clear = (bits & ((1U << count) - 1)) == 0;
    return unused_bits_clear ? std::optional(bytes) : std::nullopt;
}

bool can_stand_in_a_header(std::string_view text) {
    const auto printable = [](char c) { return c >= 0x20 && c < 0x7F; };
    return !text.empty() && std::all_of(text.begin(), text.end(), printable) &&
           text.front() != ' ' && text.back() != ' ' && !text.starts_with(kPrefix);
}

}  // namespace

std::optional<std::string> decode_header_value(std::string_view field) {
    const bool wrapped = field.size() >= kPrefix.size() + kSuffix.size() &&
                         field.starts_with(kPrefix) && field.ends_with(kSuffix);
    if (!wrapped) {
        return std::string(field);
    }
    field.remove_prefix(kPrefix.size());
    field.remove_suffix(kSuffix.size());
    return from_base64(field);
}

std::string encode_header_value(std::string_view text) {
    if (can_stand_in_a_header(text)) {
        return std::string(text);
    }
    return std::string(kPrefix) + to_base64(text) + std::string(kSuffix);
}

std::string to_base64(std::string_view bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = (bits << 8U) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= count ? kAlphabet[(bits >> (18 - 6 * j)) & 0x3FU] : '=';
        }
    }
    return text;
}

}  // namespace pgmind::integration::mcp
