#include "demo/fashion_images.hpp"

#include <algorithm>

#include <zlib.h>

#include "output/text.hpp"

namespace pgmind::app {
namespace {

constexpr std::array<std::string_view, 10> kLabels = {"T-shirt", "Trouser",   "Pullover", "Dress",
                                                      "Coat",    "Sandal",    "Shirt",    "Sneaker",
                                                      "Bag",     "Ankle boot"};
constexpr std::size_t kCountMax = 1'000'000;

/// An IDX file (magic number, then big-endian dimensions, then bytes) compressed by gzip.
class IdxFile {
  public:
    explicit IdxFile(const std::string& path) : file_(gzopen(path.c_str(), "rb")) {}
    ~IdxFile() {
        if (file_ != nullptr) {
            gzclose(file_);
        }
    }
    IdxFile(const IdxFile&) = delete;
    IdxFile& operator=(const IdxFile&) = delete;

    bool is_open() const { return file_ != nullptr; }

    /// Fails (false) at the end of the file.
    bool read_number(std::uint32_t& number) {
        std::array<std::uint8_t, 4> bytes{};
        if (!read(bytes)) {
            return false;
        }
        number = 0;
        for (const std::uint8_t byte : bytes) {
            number = (number << 8) | byte;
        }
        return true;
    }

    bool read(std::span<std::uint8_t> into) {
        const auto size = static_cast<unsigned>(into.size());
        return gzread(file_, into.data(), size) == static_cast<int>(size);
    }

  private:
    gzFile file_;
};

Error unreadable(const std::string& path) {
    return invalid_argument("--data", path +
                                          " is not there or not the file it should be "
                                          "(package dataset-fashion-mnist)");
}

// Files of labels have one dimension, those of pictures three.
Result<std::vector<std::uint8_t>> read_idx(const std::string& path, std::uint32_t dimensions,
                                           std::size_t item_bytes) {
    IdxFile file(path);
    std::uint32_t magic = 0;
    std::uint32_t count = 0;
    if (!file.is_open() || !file.read_number(magic) || magic != 0x800 + dimensions ||
        !file.read_number(count) || count > kCountMax) {
        return fail(unreadable(path));
    }
    for (std::uint32_t i = 1; i < dimensions; ++i) {
        std::uint32_t side = 0;
        if (!file.read_number(side) || side != kImageSide) {
            return fail(unreadable(path));
        }
    }
    std::vector<std::uint8_t> bytes(count * item_bytes);
    if (!file.read(bytes)) {
        return fail(unreadable(path));
    }
    return bytes;
}

}  // namespace

Result<FashionImages> FashionImages::read(const std::string& directory, std::string_view set) {
    const std::string begin = directory + "/" + std::string(set);
    auto pixels = read_idx(begin + "-images-idx3-ubyte.gz", 3, kImagePixels);
    if (!pixels) {
        return fail(std::move(pixels.error()));
    }
    auto labels = read_idx(begin + "-labels-idx1-ubyte.gz", 1, 1);
    if (!labels) {
        return fail(std::move(labels.error()));
    }
    if (pixels->size() != labels->size() * kImagePixels) {
        return fail(unreadable(begin + "-labels-idx1-ubyte.gz"));
    }
    FashionImages images;
    images.pixels_ = std::move(*pixels);
    images.labels_ = std::move(*labels);
    return images;
}

std::string_view FashionImages::label(std::size_t index) const {
    return kLabels[labels_[index] % kLabels.size()];
}

std::vector<std::string> draw(Image image, std::size_t width) {
    constexpr std::string_view kShades = " .:-=+*#%@";
    const std::size_t height = width / 2;
    std::vector<std::string> lines;
    for (std::size_t y = 0; y < height; ++y) {
        std::string line;
        for (std::size_t x = 0; x < width; ++x) {
            // The mean of the pixels under this character.
            const std::size_t top = y * kImageSide / height;
            const std::size_t bottom = std::max(top + 1, (y + 1) * kImageSide / height);
            const std::size_t left = x * kImageSide / width;
            const std::size_t right = std::max(left + 1, (x + 1) * kImageSide / width);
            std::size_t sum = 0;
            for (std::size_t row = top; row < bottom; ++row) {
                for (std::size_t column = left; column < right; ++column) {
                    sum += image[row * kImageSide + column];
                }
            }
            const std::size_t mean = sum / ((bottom - top) * (right - left));
            line += kShades[mean * kShades.size() / 256];
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string side_by_side(const std::vector<std::vector<std::string>>& pictures,
                         const std::vector<std::string>& captions) {
    constexpr std::string_view kGap = "  ";
    std::string out;
    const auto add_line = [&out](std::string line) {
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    if (pictures.empty()) {
        return out;
    }
    for (std::size_t y = 0; y < pictures.front().size(); ++y) {
        std::string line;
        for (const auto& picture : pictures) {
            line += picture[y] + std::string(kGap);
        }
        add_line(std::move(line));
    }
    std::string line;
    for (std::size_t i = 0; i < captions.size(); ++i) {
        const std::size_t width = pictures[i].front().size();
        const std::string caption = cut_to_width(captions[i], width);
        line += caption + std::string(width - display_width(caption), ' ') + std::string(kGap);
    }
    add_line(std::move(line));
    return out;
}

}  // namespace pgmind::app
