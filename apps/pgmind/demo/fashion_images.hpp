#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgmind::app {

inline constexpr std::size_t kImageSide = 28;
inline constexpr std::size_t kImagePixels = kImageSide * kImageSide;
using Image = std::span<const std::uint8_t>;  ///< row by row, 0 is black

/// A set of labelled pictures of clothes, as Debian's package dataset-fashion-mnist holds them:
/// IDX files compressed by gzip. Read whole (47 MB for 60,000).
class FashionImages {
  public:
    /// `set` is "train" (60,000) or "t10k" (10,000).
    static Result<FashionImages> read(const std::string& directory, std::string_view set);

    std::size_t size() const { return labels_.size(); }
    Image image(std::size_t index) const {
        return Image(pixels_).subspan(index * kImagePixels, kImagePixels);
    }
    /// "Sneaker".
    std::string_view label(std::size_t index) const;

  private:
    std::vector<std::uint8_t> pixels_;
    std::vector<std::uint8_t> labels_;
};

/// A picture as lines of characters, dark to bright, half as high as wide; all lines are as wide.
std::vector<std::string> draw(Image image, std::size_t width);

/// Pictures beside each other, each over its caption (cut to the pictures' width).
std::string side_by_side(const std::vector<std::vector<std::string>>& pictures,
                         const std::vector<std::string>& captions);

}  // namespace pgmind::app
