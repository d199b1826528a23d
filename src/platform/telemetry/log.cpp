#include "platform/telemetry/log.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

#include <unistd.h>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace pgmind::log {
namespace {

// A value longer than this is cut, so that no line can grow without bound.
constexpr std::size_t kTextBytesMax = 4096;
constexpr int kFormatUnset = -1;

std::atomic<int> level_min{static_cast<int>(Level::info)};
std::atomic<int> format_chosen{kFormatUnset};
std::mutex write_mutex;

struct LevelName {
    std::string_view json;
    std::string_view human;
    std::string_view colour;
};

constexpr std::array<LevelName, 4> kLevels = {{
    {"debug", "DEBUG", "\x1b[2m"},
    {"info", "INFO ", "\x1b[32m"},
    {"warning", "WARN ", "\x1b[33m"},
    {"error", "ERROR", "\x1b[31m"},
}};
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

bool on_terminal() {
    static const bool terminal = ::isatty(STDERR_FILENO) == 1;
    return terminal;
}

Format current_format() {
    const int chosen = format_chosen.load(std::memory_order_relaxed);
    if (chosen != kFormatUnset) {
        return static_cast<Format>(chosen);
    }
    return on_terminal() ? Format::human : Format::json;
}

// The number of bytes of the well-formed UTF-8 character that `text` begins with, 0 if there is
// none.
std::size_t character_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    return text.size() >= length && is_utf8(text.substr(0, length)) ? length : 0;
}

void append_control(std::string& line, unsigned char byte) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (byte) {
        case '\n':
            line += "\\n";
            return;
        case '\r':
            line += "\\r";
            return;
        case '\t':
            line += "\\t";
            return;
        default:
            line += "\\u00";
            line += kHex[byte >> 4U];
            line += kHex[byte & 0xfU];
    }
}

// Escapes as JSON does; human lines use it too, so that no input can forge a line or send escape
// sequences to a terminal. Bytes that are not UTF-8 become U+FFFD.
void append_escaped(std::string& line, std::string_view text) {
    const bool cut = text.size() > kTextBytesMax;
    text = truncate_utf8(text, kTextBytesMax);
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        std::size_t length = 1;
        if (byte == '"' || byte == '\\') {
            line += '\\';
            line += text[0];
        } else if (byte < 0x20 || byte == 0x7f) {
            append_control(line, byte);
        } else if (length = character_length(text); length > 0) {
            line += text.substr(0, length);
        } else {
            line += "\xef\xbf\xbd";
            length = 1;
        }
        text.remove_prefix(length);
    }
    if (cut) {
        line += "\xe2\x80\xa6";
    }
}

bool is_json_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    append_escaped(line, text);
    line += '"';
}

void append_json(std::string& line, Level level, std::string_view message,
                 std::initializer_list<Field> fields) {
    line += R"({"time":")";
    line += format_time(system_clock().now());
    line += R"(","level":")";
    line += kLevels[static_cast<std::size_t>(level)].json;
    line += R"(","msg":)";
    append_quoted(line, message);
    for (const Field& field : fields) {
        line += ',';
        append_quoted(line, field.name);
        line += ':';
        const bool bare = !field.quoted && (field.value == "true" || field.value == "false" ||
                                            is_json_number(field.value));
        if (bare) {
            line += field.value;
        } else {
            append_quoted(line, field.value);
        }
    }
    line += "}\n";
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) {
        return true;
    }
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == '"' || byte == '\\' || byte == '=' || byte >= 0x7f) {
            return true;
        }
    }
    return false;
}

void append_human(std::string& line, Level level, std::string_view message,
                  std::initializer_list<Field> fields) {
    const bool colour = on_terminal();
    const LevelName& name = kLevels[static_cast<std::size_t>(level)];
    const std::string time = format_time(system_clock().now());
    // The time of day to the millisecond: a person at a terminal knows the date.
    line += colour ? kDim : "";
    line += std::string_view(time).substr(11, 12);
    line += colour ? kPlain : "";
    line += ' ';
    line += colour ? name.colour : "";
    line += name.human;
    line += colour ? kPlain : "";
    line += ' ';
    append_escaped(line, message);
    for (const Field& field : fields) {
        line += colour ? "  \x1b[2m" : "  ";
        append_escaped(line, field.name);
        line += '=';
        line += colour ? kPlain : "";
        if (field.quoted && needs_quotes(field.value)) {
            append_quoted(line, field.value);
        } else {
            append_escaped(line, field.value);
        }
    }
    line += '\n';
}

// A line that standard error does not take (closed, or a full non-blocking pipe) is dropped: a
// server must not stop, or store without bound, because nobody reads its log.
void write_whole(std::string_view line) {
    const std::lock_guard lock(write_mutex);
    while (!line.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
        if (written > 0) {
            line.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno == EINTR) {
            continue;
        } else {
            return;
        }
    }
}

}  // namespace

void configure(Level level, Format format) {
    level_min.store(static_cast<int>(level), std::memory_order_relaxed);
    format_chosen.store(static_cast<int>(format), std::memory_order_relaxed);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    if (static_cast<int>(level) < level_min.load(std::memory_order_relaxed)) {
        return;
    }
    try {
        std::string line;
        line.reserve(256);
        if (current_format() == Format::json) {
            append_json(line, level, message, fields);
        } else {
            append_human(line, level, message, fields);
        }
        write_whole(line);
    } catch (const std::bad_alloc&) {
        write_whole("log line dropped: out of memory\n");
    }
}

}  // namespace pgmind::log
