#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "settings.hpp"

namespace pgmind::app {

/// A server, and who is asking.
struct Endpoint {
    std::string url;
    std::string api_key;      ///< empty: none was found; the server will say whether it needs one
    std::string ca_file;      ///< authorities to trust instead of the system's; empty: the system's
    bool from_login = false;  ///< the key is the token that `auth login` left
};

/// Where a command finds its server. URL: --url, else PGMIND_URL, else the address that this
/// machine's configuration gives `pgmind up`. Key: --key-file, else PGMIND_API_KEY, else the
/// session that `auth login` left for that very URL, else the file that `pgmind up` leaves in its
/// data directory if this user may read it, but only for a server on this machine: the
/// administrator's key is not for others to see. PGMIND_CA_FILE names the authorities; without it,
/// for a server on this machine, that of the data directory is trusted if it is there.
Result<Endpoint> find_endpoint(const GlobalOptions& options);

/// Whether a URL names this machine by a loopback address or as "localhost".
bool is_loopback_url(std::string_view url);

/// The key in a file: its first line, without blanks around it.
Result<std::string> read_key_file(const std::string& path);

/// Name of the file in the data directory that holds the administrator's key.
inline constexpr std::string_view kAdminKeyFile = "admin.key";

}  // namespace pgmind::app
