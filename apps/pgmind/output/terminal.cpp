#include "output/terminal.hpp"

#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace pgmind::app {
namespace {

constexpr std::size_t kWidthWhenUnknown = 80;

bool colors_disabled = false;

bool wants_color() {
    const char* no_color = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    const bool unwanted = no_color != nullptr && *no_color != '\0';
    const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
    return !colors_disabled && !unwanted && !dumb && isatty(STDOUT_FILENO) == 1;
}

std::string_view code_of(Style style) {
    switch (style) {
        case Style::bold:
            return "\x1b[1m";
        case Style::dim:
            return "\x1b[2m";
        case Style::good:
            return "\x1b[32m";
        case Style::bad:
            return "\x1b[31m";
        case Style::plain:
            break;
    }
    return "";
}

}  // namespace

void disable_colors() {
    colors_disabled = true;
}

std::string styled(std::string_view text, Style style) {
    if (style == Style::plain || text.empty() || !wants_color()) {
        return std::string(text);
    }
    return std::string(code_of(style)) + std::string(text) + "\x1b[0m";
}

std::size_t terminal_width() {
    winsize size{};
    if (isatty(STDOUT_FILENO) != 1) {
        return 0;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return kWidthWhenUnknown;
    }
    return size.ws_col;
}

}  // namespace pgmind::app
