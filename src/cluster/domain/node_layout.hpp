#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::cluster {

/// Where things are in a data directory:
///
///     pgmind.json     what the directory is
///     lock            held by the pgmind that runs on it
///     secrets/        passwords of PostgreSQL's roles, keys
///     coordinator/    PostgreSQL's own data directories
///     shard-1/ ...
///     ca.pem          the authority of the cluster's certificates, for clients
///     gateway.pem     the gateway's certificate, where it is of that authority
///     run/            sockets
///     log/
///
/// Only names: nothing here touches the disk.
class NodeLayout {
  public:
    /// `directory` is absolute.
    explicit NodeLayout(std::filesystem::path directory) : directory_(std::move(directory)) {}

    const std::filesystem::path& directory() const { return directory_; }
    std::filesystem::path manifest_file() const { return directory_ / "pgmind.json"; }
    std::filesystem::path lock_file() const { return directory_ / "lock"; }
    std::filesystem::path secrets_directory() const { return directory_ / "secrets"; }
    std::filesystem::path run_directory() const { return directory_ / "run"; }
    std::filesystem::path log_directory() const { return directory_ / "log"; }
    std::filesystem::path data_directory(std::string_view node) const { return directory_ / node; }
    /// Where a node's data directory is made before it gets its name, so that a crash in between
    /// leaves nothing that looks finished. Another name for each attempt: what an earlier one left
    /// running must not meet this one.
    std::filesystem::path unfinished_directory(std::string_view node,
                                               std::string_view attempt) const {
        return directory_ / (unfinished_prefix(node) + std::string(attempt));
    }
    static std::string unfinished_prefix(std::string_view node) {
        return std::string(node) + ".unfinished-";
    }
    std::filesystem::path secret_file(std::string_view name) const {
        return secrets_directory() / name;
    }
    std::filesystem::path authority_file() const { return directory_ / "ca.pem"; }
    std::filesystem::path authority_key_file() const { return secret_file("ca.key"); }
    std::filesystem::path gateway_certificate_file() const { return directory_ / "gateway.pem"; }
    std::filesystem::path gateway_key_file() const { return secret_file("gateway.key"); }
    std::filesystem::path socket_file(std::uint16_t port) const {
        return run_directory() / (".s.PGSQL." + std::to_string(port));
    }

    /// directory_unusable when the name of a socket in it would be longer than the kernel takes.
    Result<void> check_socket_length() const;

  private:
    std::filesystem::path directory_;
};

/// Where the data is when nobody says: /var/lib/pgmind for root, else below XDG_DATA_HOME, else
/// below the home directory. invalid_request when there is no home.
Result<std::filesystem::path> default_directory(bool is_root,
                                                const std::optional<std::string>& xdg_data_home,
                                                const std::optional<std::string>& home);

}  // namespace pgmind::cluster
