#include "cluster/adapters/local_connection.hpp"

#include <charconv>

#include "cluster/adapters/node_connections.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kFileBytesMax = 4'096;
constexpr int kLineOfPort = 4;

// The port as the running server says it: one that was found free is nowhere else.
std::optional<std::uint16_t> port_in(std::string_view postmaster_file) {
    for (int line = 1; line < kLineOfPort; ++line) {
        const std::size_t end = postmaster_file.find('\n');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        postmaster_file.remove_prefix(end + 1);
    }
    std::uint16_t port = 0;
    const char* begin = postmaster_file.data();
    const auto [rest, error] = std::from_chars(begin, begin + postmaster_file.size(), port);
    return error == std::errc() && rest != begin ? std::optional(port) : std::nullopt;
}

}  // namespace

Result<postgres::ConnectionOptions> local_coordinator(const std::filesystem::path& directory,
                                                      Role role) {
    std::error_code unreadable;
    const auto absolute = std::filesystem::weakly_canonical(directory, unreadable);
    const NodeLayout layout(unreadable ? directory : absolute);
    const auto file =
        process::read_file(layout.data_directory("coordinator") / "postmaster.pid", kFileBytesMax);
    const auto port = file ? port_in(*file) : std::nullopt;
    if (!port) {
        return fail(Errc::broken_state, "no coordinator runs in " + layout.directory().string() +
                                            (file ? "" : ": " + file.error().detail));
    }
    const Node node{"coordinator", NodeRole::coordinator, *port};
    return make_socket_connections(layout)->to(node, "pgmind", role);
}

}  // namespace pgmind::cluster
