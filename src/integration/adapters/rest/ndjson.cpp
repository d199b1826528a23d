#include "integration/adapters/rest/ndjson.hpp"

#include "platform/json/value.hpp"

namespace pgmind::integration::rest {
namespace {

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

void LineSplitter::feed(std::string_view bytes) {
    buffer_.erase(0, at_);
    searched_ -= at_;
    at_ = 0;
    buffer_ += bytes;
}

Result<std::optional<std::string_view>> LineSplitter::next() {
    while (true) {
        std::size_t end = buffer_.find('\n', searched_);
        const bool last = end == std::string::npos && finished_ && at_ < buffer_.size();
        if (last) {
            end = buffer_.size();
        }
        const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - at_;
        if (length > line_bytes_max_) {
            ++line_number_;
            return fail(json::JsonErrc::too_large,
                        "a line may have " + std::to_string(line_bytes_max_) + " bytes");
        }
        if (end == std::string::npos) {
            searched_ = buffer_.size();
            return std::nullopt;
        }
        const std::string_view line = std::string_view(buffer_).substr(at_, length);
        at_ = std::min(end + 1, buffer_.size());
        searched_ = at_;
        ++line_number_;
        if (!is_blank(line)) {
            return line;
        }
    }
}

}  // namespace pgmind::integration::rest
