#include "bridge/line_input.hpp"

#include <array>
#include <cerrno>

#include <unistd.h>

#include "client/api_error.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kPartBytes = 64 * 1024;

struct Part {
    std::string bytes;
    bool failed = false;
};

Part read_part(int descriptor) {
    Part part;
    part.bytes.resize(kPartBytes);
    ssize_t count = 0;
    do {
        count = ::read(descriptor, part.bytes.data(), part.bytes.size());
    } while (count < 0 && errno == EINTR);
    part.failed = count < 0;
    part.bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return part;
}

// The person or program at the other end may think as long as it likes.
Deadline no_deadline() {
    return Deadline::after(std::chrono::hours(24 * 365));
}

}  // namespace

Task<Result<std::optional<std::string>>> LineInput::next(std::size_t line_bytes_max) {
    while (true) {
        const std::size_t end = buffer_.find('\n', searched_);
        if (end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            searched_ = 0;
            co_return std::optional<std::string>(std::move(line));
        }
        searched_ = buffer_.size();
        if (buffer_.size() > line_bytes_max) {
            co_return fail(client_error(Failure::payload_too_large, "a line is too long"));
        }
        if (ended_) {
            std::optional<std::string> last;
            if (!buffer_.empty()) {
                last = std::move(buffer_);
            }
            buffer_.clear();
            searched_ = 0;
            co_return last;
        }
        const int descriptor = descriptor_;
        const Deadline deadline = no_deadline();
        auto read = [descriptor] { return read_part(descriptor); };
        auto part = co_await reader_.run(std::move(read), deadline);
        if (!part) {
            co_return fail(std::move(part.error()));
        }
        if (part->failed) {
            co_return fail(client_error(Failure::internal, "cannot read standard input"));
        }
        ended_ = part->bytes.empty();
        buffer_ += part->bytes;
    }
}

}  // namespace pgmind::app
