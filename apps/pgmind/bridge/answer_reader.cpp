#include "bridge/answer_reader.hpp"

#include "client/api_error.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kMessageBytesMax = 64 * 1024 * 1024;

// Line ends can only stand between the tokens of JSON, where a blank does as well.
std::string on_one_line(std::string text) {
    for (char& c : text) {
        c = c == '\n' || c == '\r' ? ' ' : c;
    }
    return text;
}

}  // namespace

Result<void> AnswerReader::feed(std::string_view bytes) {
    buffer_ += bytes;
    if (form_ == Form::unknown) {
        const std::size_t first = buffer_.find_first_not_of(" \t\r\n");
        if (first == std::string::npos) {
            return {};
        }
        form_ = buffer_[first] == '{' || buffer_[first] == '[' ? Form::document : Form::events;
    }
    if (form_ == Form::events) {
        std::size_t begin = 0;
        for (std::size_t end = buffer_.find('\n'); end != std::string::npos;
             end = buffer_.find('\n', begin)) {
            std::string_view line = std::string_view(buffer_).substr(begin, end - begin);
            if (line.ends_with('\r')) {
                line.remove_suffix(1);
            }
            take_line(line);
            begin = end + 1;
        }
        buffer_.erase(0, begin);
    }
    if (buffer_.size() + data_.size() > kMessageBytesMax) {
        return fail(client_error(Failure::payload_too_large, "the server's message is too long"));
    }
    return {};
}

void AnswerReader::finish() {
    if (form_ == Form::document) {
        take_(on_one_line(std::move(buffer_)));
        buffer_.clear();
    }
}

void AnswerReader::take_line(std::string_view line) {
    if (line.empty()) {
        take_event();
        return;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value =
        colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) {
        value.remove_prefix(1);
    }
    if (name == "data") {
        data_ += has_data_ ? "\n" : "";
        data_ += value;
        has_data_ = true;
    } else if (name == "id") {
        last_event_id_ = value;
    }
}

void AnswerReader::take_event() {
    // An event without data only carries an id.
    if (!data_.empty()) {
        take_(on_one_line(std::move(data_)));
    }
    data_.clear();
    has_data_ = false;
}

}  // namespace pgmind::app
