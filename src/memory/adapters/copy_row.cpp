#include "memory/adapters/copy_row.hpp"

#include <bit>
#include <stdexcept>

namespace pgmind::memory {
namespace {

constexpr std::string_view kSignature{"PGCOPY\n\xff\r\n\0", 11};
constexpr std::size_t kHeaderBytes = 19;  // signature, flags, length of the extension
// Microseconds from 1970 to 2000, where PostgreSQL's clock begins.
constexpr std::int64_t kEpochDifference = 946'684'800'000'000;

std::uint64_t read_number(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char c : bytes) {
        number = (number << 8) | static_cast<std::uint8_t>(c);
    }
    return number;
}

}  // namespace

CopyRow::CopyRow(std::string_view chunk) : rest_(chunk) {
    if (rest_.starts_with(kSignature)) {
        take(kHeaderBytes);
    }
    end_ = rest_.empty() || read_number(take(2)) == 0xffff;
}

std::string_view CopyRow::take(std::size_t bytes) {
    if (rest_.size() < bytes) {
        throw std::logic_error("a row of COPY ends too early");
    }
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
}

std::optional<std::string_view> CopyRow::next() {
    const auto length = static_cast<std::uint32_t>(read_number(take(4)));
    return length == 0xffffffff ? std::nullopt : std::optional(take(length));
}

std::string_view CopyRow::next_text() {
    return next().value_or(std::string_view());
}

std::string_view CopyRow::next_jsonb() {
    const std::string_view bytes = next_text();
    if (bytes.empty() || bytes[0] != '\1') {
        throw std::logic_error("not the binary format of jsonb");
    }
    return bytes.substr(1);
}

std::string CopyRow::next_uuid() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string uuid;
    for (const char c : next_text()) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (uuid.size() == 8 || uuid.size() == 13 || uuid.size() == 18 || uuid.size() == 23) {
            uuid += '-';
        }
        uuid += kDigits[byte >> 4];
        uuid += kDigits[byte & 15];
    }
    return uuid;
}

std::int64_t CopyRow::next_int64() {
    return static_cast<std::int64_t>(read_number(next_text()));
}

std::optional<WallTime> CopyRow::next_time() {
    const std::optional<std::string_view> bytes = next();
    if (!bytes) {
        return std::nullopt;
    }
    const auto since_2000 = static_cast<std::int64_t>(read_number(*bytes));
    return WallTime(std::chrono::microseconds(since_2000 + kEpochDifference));
}

std::vector<float> read_binary_vector(std::string_view bytes) {
    if (bytes.size() < 4 || bytes.size() != 4 + 4 * read_number(bytes.substr(0, 2))) {
        throw std::logic_error("not the binary format of a vector");
    }
    std::vector<float> values;
    values.reserve(bytes.size() / 4);
    for (std::size_t i = 4; i < bytes.size(); i += 4) {
        values.push_back(
            std::bit_cast<float>(static_cast<std::uint32_t>(read_number(bytes.substr(i, 4)))));
    }
    return values;
}

}  // namespace pgmind::memory
