#include "base/ids.hpp"

#include <chrono>
#include <cstdlib>

#include <sys/random.h>

namespace pgmind {
namespace {

// Random bytes are taken from the kernel in blocks: one getrandom call serves 32 ids.
class RandomBytes {
  public:
    void take(std::uint8_t* into, std::size_t count) {
        if (used_ + count > block_.size()) {
            refill();
        }
        for (std::size_t i = 0; i < count; ++i) {
            into[i] = block_[used_];
            block_[used_++] = 0;
        }
    }

  private:
    void refill() {
        std::size_t filled = 0;
        while (filled < block_.size()) {
            const ssize_t got = getrandom(block_.data() + filled, block_.size() - filled, 0);
            if (got > 0) {
                filled += static_cast<std::size_t>(got);
            } else if (errno != EINTR) {
                std::abort();  // Without randomness ids could collide: no request may go on.
            }
        }
        used_ = 0;
    }

    std::array<std::uint8_t, 320> block_{};
    std::size_t used_ = 320;
};

thread_local RandomBytes random_bytes;

constexpr char kHex[] = "0123456789abcdef";

}  // namespace

std::string new_uuid() {
    std::array<std::uint8_t, 16> bytes;
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
    for (int i = 0; i < 6; ++i) {
        bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    }
    random_bytes.take(bytes.data() + 6, 10);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x70);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text.push_back('-');
        }
        text.push_back(kHex[bytes[i] >> 4]);
        text.push_back(kHex[bytes[i] & 0x0f]);
    }
    return text;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return true;
}

RequestId new_request_id() {
    return RequestId(new_uuid());
}

}  // namespace pgmind
