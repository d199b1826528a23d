#include "memory/adapters/entry_rows.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <stdexcept>

namespace pgmind::memory {

Entry read_entry(const postgres::Rows& rows, std::size_t row, Scope scope) {
    Entry entry;
    entry.scope = scope;
    entry.namespace_name = rows.text(row, 0);
    entry.key = rows.text(row, 1);
    entry.entry_id = rows.text(row, 2);
    entry.value_json = rows.text(row, 3);
    entry.text = rows.text(row, 4);
    entry.metadata_json = rows.text(row, 5);
    entry.version = rows.int64(row, 6);
    entry.created_at = rows.time_us(row, 7);
    entry.updated_at = rows.time_us(row, 8);
    entry.expires_at = rows.optional_time_us(row, 9);
    if (!rows.is_null(row, 10)) {
        entry.embedding = read_vector(rows.text(row, 10));
    }
    return entry;
}

std::string binary_vector(std::span<const float> values) {
    std::string bytes;
    bytes.resize(4 + values.size() * 4);
    char* out = bytes.data();
    *out++ = static_cast<char>(values.size() >> 8);
    *out++ = static_cast<char>(values.size());
    *out++ = 0;  // Two unused bytes.
    *out++ = 0;
    for (const float value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        *out++ = static_cast<char>(bits >> 24);
        *out++ = static_cast<char>(bits >> 16);
        *out++ = static_cast<char>(bits >> 8);
        *out++ = static_cast<char>(bits);
    }
    return bytes;
}

std::vector<float> read_vector(std::string_view text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
        throw std::logic_error("not the text of a vector");
    }
    std::vector<float> values;
    const char* at = text.data() + 1;
    const char* const end = text.data() + text.size() - 1;
    while (at < end) {
        float value = 0;
        const auto read = std::from_chars(at, end, value);
        if (read.ec != std::errc() || (read.ptr != end && *read.ptr != ',')) {
            throw std::logic_error("not a number in the text of a vector");
        }
        values.push_back(value);
        at = read.ptr == end ? end : read.ptr + 1;
    }
    return values;
}

}  // namespace pgmind::memory
