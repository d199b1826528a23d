#include <algorithm>
#include <deque>
#include <optional>

#include <boost/json/basic_parser_impl.hpp>

#include "platform/json/splitter.hpp"
#include "platform/json/value.hpp"

namespace pgmind::json {
namespace {

using boost::json::error_code;
using ParserText = boost::json::string_view;

class JsonCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "pgmind.json"; }
    std::string message(int value) const override {
        return static_cast<JsonErrc>(value) == JsonErrc::too_large ? "JSON is too large"
                                                                   : "not valid JSON";
    }
    std::error_condition default_error_condition(int value) const noexcept override {
        return make_error_condition(static_cast<JsonErrc>(value) == JsonErrc::too_large
                                        ? Failure::payload_too_large
                                        : Failure::invalid_argument);
    }
};

const JsonCategory kJsonCategory;

/// Receives what Boost.JSON reads. Boost judges the grammar; this adds the rules that it does not
/// have (no key twice, no \u0000, numbers that jsonb takes) and knows the path of what is read.
class Checker {
  public:
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    explicit Checker(std::string_view text) : text_(text) {}

    /// Why this class (not the grammar) refused the text; empty when it did not.
    const std::string& complaint() const { return complaint_; }
    std::string path() const;

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return open(true); }
    bool on_object_end(std::size_t, error_code& error);
    bool on_array_begin(error_code&) { return open(false); }
    bool on_array_end(std::size_t, error_code&) { return close(); }
    bool on_key_part(ParserText part, std::size_t, error_code& error) {
        partial_key_.append(part.data(), part.size());
        in_parts_ = true;
        return no_zero(part, error);
    }
    bool on_key(ParserText part, std::size_t, error_code& error);
    bool on_string_part(ParserText part, std::size_t, error_code& error) {
        return no_zero(part, error);
    }
    bool on_string(ParserText part, std::size_t, error_code& error) {
        return no_zero(part, error) && value_done();
    }
    bool on_number_part(ParserText part, error_code&) {
        number_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t, ParserText part, error_code& error) { return number(part, error); }
    bool on_uint64(std::uint64_t, ParserText part, error_code& error) {
        return number(part, error);
    }
    bool on_double(double, ParserText part, error_code& error) { return number(part, error); }
    bool on_bool(bool, error_code&) { return value_done(); }
    bool on_null(error_code&) { return value_done(); }
    bool on_comment_part(ParserText, error_code&) { return true; }
    bool on_comment(ParserText, error_code&) { return true; }

  private:
    /// An object or array that is being read.
    struct Frame {
        bool object = false;
        std::size_t keys_begin = 0;  ///< of this object's keys in keys_
        std::size_t index = 0;       ///< of the array's element that is being read
    };

    bool refuse(std::string why, error_code& error) {
        complaint_ = std::move(why);
        error = boost::json::error::syntax;
        return false;
    }
    bool no_zero(ParserText part, error_code& error) {
        return part.find('\0') == ParserText::npos ||
               refuse("the character \\u0000 cannot be stored in PostgreSQL", error);
    }
    bool open(bool object) {
        frames_.push_back({object, keys_.size(), 0});
        return true;
    }
    bool close() {
        frames_.pop_back();
        return value_done();
    }
    bool value_done() {
        if (!frames_.empty() && !frames_.back().object) {
            ++frames_.back().index;
        }
        return true;
    }
    bool number(ParserText part, error_code& error);
    std::string_view keep(ParserText part);

    std::string_view text_;
    std::vector<Frame> frames_;
    std::vector<std::string_view> keys_;
    std::deque<std::string> decoded_keys_;
    std::string partial_key_;
    bool in_parts_ = false;
    std::string number_;
    std::size_t expansion_bytes_ = 0;
    std::string complaint_;
};

std::string Checker::path() const {
    std::string path;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        const Frame& frame = frames_[i];
        if (!frame.object) {
            path = join_path(path, frame.index);
            continue;
        }
        const std::size_t keys_end =
            i + 1 < frames_.size() ? frames_[i + 1].keys_begin : keys_.size();
        if (keys_end > frame.keys_begin) {
            path = join_path(path, keys_[keys_end - 1]);
        }
    }
    return path;
}

// A view of the key that lasts: into the text itself, unless escapes had to be decoded.
std::string_view Checker::keep(ParserText part) {
    const bool inside = !in_parts_ && part.data() >= text_.data() &&
                        part.data() + part.size() <= text_.data() + text_.size();
    if (inside) {
        return {part.data(), part.size()};
    }
    partial_key_.append(part.data(), part.size());
    decoded_keys_.push_back(std::exchange(partial_key_, {}));
    in_parts_ = false;
    return decoded_keys_.back();
}

bool Checker::on_key(ParserText part, std::size_t, error_code& error) {
    if (!no_zero(part, error)) {
        return false;
    }
    keys_.push_back(keep(part));
    return true;
}

bool Checker::on_object_end(std::size_t, error_code& error) {
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(frames_.back().keys_begin);
    std::sort(begin, keys_.end());
    const auto twice = std::adjacent_find(begin, keys_.end());
    if (twice != keys_.end()) {
        // The path shall name the key, so it must be the last of its object.
        keys_.push_back(*twice);
        return refuse("the same key stands twice in one object", error);
    }
    keys_.erase(begin, keys_.end());
    return close();
}

bool Checker::number(ParserText part, error_code& error) {
    std::string_view digits(part.data(), part.size());
    if (!number_.empty()) {
        number_.append(digits);
        digits = number_;
    }
    if (digits.size() > kNumberBytesMax) {
        return refuse("a number may have at most 1,024 characters", error);
    }
    const std::size_t mark = digits.find_first_of("eE");
    if (mark != std::string_view::npos) {
        std::size_t exponent = 0;
        for (const char c : digits.substr(mark + 1)) {
            if (c >= '0' && c <= '9' && exponent <= kExponentMax) {
                exponent = exponent * 10 + static_cast<std::size_t>(c - '0');
            }
        }
        if (exponent > kExponentMax) {
            return refuse("an exponent may be at most 1,024", error);
        }
        expansion_bytes_ += exponent;
        if (expansion_bytes_ > kExpansionBytesMax) {
            return refuse("numbers with exponents would fill more than 1 MiB when written out",
                          error);
        }
    }
    number_.clear();
    return value_done();
}

std::string position(std::string_view text, std::size_t at) {
    at = std::min(at, text.size());
    const std::string_view before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_begin = before.rfind('\n');
    const std::size_t column = line_begin == std::string_view::npos ? at + 1 : at - line_begin;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace

std::error_code make_error_code(JsonErrc code) {
    return {static_cast<int>(code), kJsonCategory};
}

Result<Value> parse(std::string_view text, const ReadLimits& limits) {
    if (text.size() > limits.bytes_max) {
        return fail(JsonErrc::too_large, "the JSON text has " + std::to_string(text.size()) +
                                             " bytes; at most " + std::to_string(limits.bytes_max) +
                                             " are allowed");
    }
    boost::json::parse_options options;
    options.max_depth = limits.depth_max;
    boost::json::basic_parser<Checker> parser(options, text);
    error_code error;
    std::size_t at = parser.write_some(false, text.data(), text.size(), error);
    while (!error && at < text.size() && is_blank(text[at])) {
        ++at;
    }
    const bool trailing = !error && at < text.size();
    if (error || trailing) {
        const Checker& checker = parser.handler();
        std::string why = !checker.complaint().empty() ? checker.complaint()
                          : trailing                   ? "something follows the value"
                          : error == boost::json::error::too_deep
                              ? "nested deeper than " + std::to_string(limits.depth_max) + " levels"
                              : error.message();
        return fail(JsonErrc::invalid, "not valid JSON at " + position(text, at) + ": " + why,
                    checker.path());
    }
    Splitter splitter(text);
    splitter.skip_blanks();
    return splitter.take_value();
}

}  // namespace pgmind::json
