#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgmind::app {

enum class Style { plain, bold, dim, good, bad };

/// The text in that style if standard output is a terminal and colours are wanted (NO_COLOR unset
/// or empty, TERM not "dumb", no --no-color), else as it is.
std::string styled(std::string_view text, Style style);

/// For the whole process; called once, before anything is printed.
void disable_colors();

/// Columns of the terminal that standard output is; 0 when it is none.
std::size_t terminal_width();

}  // namespace pgmind::app
