#include "cluster/domain/node_layout.hpp"

#include <limits>

#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

// sockaddr_un::sun_path holds 108 bytes with its terminating NUL.
constexpr std::size_t kSocketPathBytesMax = 107;

}  // namespace

Result<void> NodeLayout::check_socket_length() const {
    const std::string longest = socket_file(std::numeric_limits<std::uint16_t>::max()).string();
    if (longest.size() > kSocketPathBytesMax) {
        const std::size_t excess = longest.size() - kSocketPathBytesMax;
        return fail(Errc::directory_unusable,
                    "the path of the data directory " + directory_.string() + " is " +
                        std::to_string(excess) +
                        " bytes too long for the sockets in it: choose a shorter one",
                    "data");
    }
    return {};
}

Result<std::filesystem::path> default_directory(bool is_root,
                                                const std::optional<std::string>& xdg_data_home,
                                                const std::optional<std::string>& home) {
    if (is_root) {
        return std::filesystem::path("/var/lib/pgmind");
    }
    // A relative XDG_DATA_HOME is to be ignored, says its specification.
    if (xdg_data_home && xdg_data_home->starts_with('/')) {
        return std::filesystem::path(*xdg_data_home) / "pgmind";
    }
    if (home && home->starts_with('/')) {
        return std::filesystem::path(*home) / ".local" / "share" / "pgmind";
    }
    return fail(Errc::invalid_request, "there is no home directory to keep the data in: name one",
                "data");
}

}  // namespace pgmind::cluster
