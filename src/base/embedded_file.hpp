#pragma once

#include <string_view>

namespace pgmind {

/// A text file that was compiled into the program (cmake/PgmindEmbed.cmake).
struct EmbeddedFile {
    std::string_view name;  ///< without its folder
    std::string_view content;
};

}  // namespace pgmind
