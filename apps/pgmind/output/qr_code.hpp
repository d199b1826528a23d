#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgmind::app {

/// A QR code (error correction M), as rows of modules, with the quiet zone of four around it.
class QrCode {
  public:
    /// Fails for a text that fits in none (beyond some 2,300 bytes).
    static Result<QrCode> of(const std::string& text);

    std::size_t width() const { return width_; }
    bool dark(std::size_t row, std::size_t column) const { return dark_[row * width_ + column]; }

    /// For a terminal of any colours: half blocks, black on white by escape sequences.
    std::string for_terminal() const;
    /// A PNG in black and white, each module `scale` pixels wide.
    Result<std::string> as_png(std::size_t scale) const;

  private:
    QrCode(std::size_t width, std::vector<bool> dark) : width_(width), dark_(std::move(dark)) {}

    std::size_t width_;
    std::vector<bool> dark_;
};

}  // namespace pgmind::app
