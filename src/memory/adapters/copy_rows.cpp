#include "memory/adapters/copy_rows.hpp"

#include <stdexcept>

namespace pgmind::memory {
namespace {

constexpr std::string_view kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

CopyRows::CopyRows() : bytes_(kHeader) {}

void CopyRows::begin_row(std::int16_t fields) {
    bytes_.push_back(static_cast<char>(fields >> 8));
    bytes_.push_back(static_cast<char>(fields));
}

void CopyRows::add_int32(std::int32_t number) {
    const auto bits = static_cast<std::uint32_t>(number);
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes_.push_back(static_cast<char>(bits >> shift));
    }
}

void CopyRows::add_text(std::string_view text) {
    add_bytes(text);
}

void CopyRows::add_json(std::string_view json_text) {
    add_int32(static_cast<std::int32_t>(json_text.size() + 1));
    bytes_.push_back(1);
    bytes_.append(json_text);
}

void CopyRows::add_int64(std::int64_t number) {
    add_int32(8);
    const auto bits = static_cast<std::uint64_t>(number);
    for (int shift = 56; shift >= 0; shift -= 8) {
        bytes_.push_back(static_cast<char>(bits >> shift));
    }
}

void CopyRows::add_uuid(std::string_view text) {
    add_int32(16);
    int high = -1;
    std::size_t written = 0;
    for (const char c : text) {
        const int digit = hex_digit(c);
        if (digit < 0) {
            continue;
        }
        if (high < 0) {
            high = digit;
        } else {
            bytes_.push_back(static_cast<char>(high << 4 | digit));
            high = -1;
            ++written;
        }
    }
    if (written != 16 || high >= 0) {
        throw std::logic_error("not a UUID");
    }
}

void CopyRows::add_bytes(std::string_view bytes) {
    add_int32(static_cast<std::int32_t>(bytes.size()));
    bytes_.append(bytes);
}

void CopyRows::add_null() {
    add_int32(-1);
}

void CopyRows::finish() {
    bytes_.push_back('\377');
    bytes_.push_back('\377');
}

}  // namespace pgmind::memory
