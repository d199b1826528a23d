#include "output/qr_code.hpp"

#include <memory>

#include <png.h>
#include <qrencode.h>

#include "client/api_error.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kQuietZone = 4;
constexpr unsigned char kDarkBit = 1;

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

// libpng's simple interface wants eight-bit grey pixels.
std::vector<unsigned char> pixels_of(const QrCode& code, std::size_t scale) {
    const std::size_t side = code.width() * scale;
    std::vector<unsigned char> pixels(side * side);
    for (std::size_t row = 0; row < side; ++row) {
        for (std::size_t column = 0; column < side; ++column) {
            const bool dark = code.dark(row / scale, column / scale);
            pixels[row * side + column] = dark ? 0 : 255;
        }
    }
    return pixels;
}

}  // namespace

Result<QrCode> QrCode::of(const std::string& text) {
    const std::unique_ptr<QRcode, FreeCode> code(
        QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M));
    if (!code) {
        return fail(client_error(Failure::invalid_argument, "the text fits in no QR code"));
    }
    const auto modules = static_cast<std::size_t>(code->width);
    const std::size_t width = modules + 2 * kQuietZone;
    std::vector<bool> dark(width * width, false);
    for (std::size_t row = 0; row < modules; ++row) {
        for (std::size_t column = 0; column < modules; ++column) {
            const bool is_dark = (code->data[row * modules + column] & kDarkBit) != 0;
            dark[(row + kQuietZone) * width + column + kQuietZone] = is_dark;
        }
    }
    return QrCode(width, std::move(dark));
}

std::string QrCode::for_terminal() const {
    std::string text;
    for (std::size_t row = 0; row < width_; row += 2) {
        text += "\x1b[30;107m";
        for (std::size_t column = 0; column < width_; ++column) {
            const bool upper = dark(row, column);
            const bool lower = row + 1 < width_ && dark(row + 1, column);
            text += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
        }
        text += "\x1b[0m\n";
    }
    return text;
}

Result<std::string> QrCode::as_png(std::size_t scale) const {
    const std::vector<unsigned char> pixels = pixels_of(*this, scale);
    png_image image = {};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width_ * scale);
    image.height = image.width;
    image.format = PNG_FORMAT_GRAY;
    png_alloc_size_t bytes = 0;
    std::string png;
    bool written = png_image_write_get_memory_size(image, bytes, 0, pixels.data(), 0, nullptr) != 0;
    if (written) {
        png.resize(bytes);
        written = png_image_write_to_memory(&image, png.data(), &bytes, 0, pixels.data(), 0,
                                            nullptr) != 0;
        png.resize(bytes);
    }
    if (!written) {
        return fail(client_error(Failure::internal,
                                 std::string("the picture was not made: ") + image.message));
    }
    return png;
}

}  // namespace pgmind::app
