#include "cluster/adapters/postmaster_file.hpp"

#include <charconv>

namespace pgmind::cluster {
namespace {

constexpr std::size_t kStatusLine = 7;  // Counted from 0; the pid stands in line 0.

std::string_view line_of(std::string_view text, std::size_t number) {
    for (std::size_t line = 0; line < number; ++line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

}  // namespace

std::optional<PostmasterFile> parse_postmaster_file(std::string_view text) {
    const std::string_view first = line_of(text, 0);
    PostmasterFile file;
    const auto [end, failure] =
        std::from_chars(first.data(), first.data() + first.size(), file.pid);
    if (failure != std::errc() || end != first.data() + first.size() || file.pid <= 0) {
        return std::nullopt;
    }
    // The status is padded with blanks, so that it can be overwritten in place.
    std::string_view status = line_of(text, kStatusLine);
    while (status.ends_with(' ')) {
        status.remove_suffix(1);
    }
    file.status = status;
    return file;
}

}  // namespace pgmind::cluster
