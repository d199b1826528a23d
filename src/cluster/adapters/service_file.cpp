#include "cluster/adapters/service_file.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "cluster/domain/cluster_manifest.hpp"
#include "platform/postgres/connection_services.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

using Servers = std::map<std::string, postgres::ConnectionOptions>;

constexpr std::size_t kFileBytesMax = 256UL * 1024;
constexpr std::array<std::string_view, 3> kEncrypted = {"require", "verify-ca", "verify-full"};

tl::unexpected<Error> refused(const std::filesystem::path& file, const std::string& why) {
    return fail(Errc::invalid_request, file.string() + ": " + why, "cluster.attach");
}

bool is_loopback(const std::string& address) {
    in_addr four{};
    in6_addr six{};
    if (inet_pton(AF_INET, address.c_str(), &four) == 1) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, address.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six) != 0;
}

// libpq connects to `hostaddr` where there is one, whatever `host` says.
bool is_local(const postgres::ConnectionOptions& options) {
    const auto is_address = [](const auto& other) { return other.first == "hostaddr"; };
    const auto address = std::find_if(options.others.begin(), options.others.end(), is_address);
    if (address != options.others.end() && !address->second.empty()) {
        return is_loopback(address->second);
    }
    return options.host.starts_with('/') || options.host == "localhost" ||
           is_loopback(options.host);
}

bool is_encrypted(const std::string& sslmode) {
    return std::find(kEncrypted.begin(), kEncrypted.end(), sslmode) != kEncrypted.end();
}

bool is_shard(const std::string& name, std::size_t shards) {
    for (std::size_t i = 1; i <= shards; ++i) {
        if (name == "shard-" + std::to_string(i)) {
            return true;
        }
    }
    return false;
}

// The file decides where every password of the cluster is sent.
Result<void> check_mode(const std::filesystem::path& file, const Servers& servers) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) {
        return refused(file, "cannot be read");
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return refused(file, "belongs to another user: chown it to the one that runs pgmind");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refused(file, "others may write it: chmod go-w it");
    }
    for (const auto& [name, options] : servers) {
        if (!options.password.empty() && (status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
            return refused(file, "others may read the password of [" + name +
                                     "]: chmod 600 it, or use passfile");
        }
    }
    return {};
}

Result<void> check_server(const std::filesystem::path& file, const std::string& name,
                          const postgres::ConnectionOptions& options) {
    if (options.host.empty()) {
        return refused(file, "[" + name + "] names no host");
    }
    if (options.user.empty()) {
        return refused(file, "[" + name + "] names no user");
    }
    if (!is_local(options) && !is_encrypted(options.sslmode)) {
        return refused(file, "[" + name +
                                 "] is on another machine: set sslmode to verify-full (or "
                                 "verify-ca or require)");
    }
    return {};
}

}  // namespace

Result<Servers> read_service_file(const std::filesystem::path& file) {
    const Result<std::string> text = process::read_file(file, kFileBytesMax);
    if (!text) {
        return fail(from_process(text.error()));
    }
    auto services = postgres::read_connection_services(*text);
    if (!services) {
        return refused(file, services.error().detail);
    }
    Servers servers;
    for (postgres::ConnectionService& service : *services) {
        servers.emplace(std::move(service.name), std::move(service.options));
    }
    if (servers.size() < 2 || servers.size() > kShardsMax + 1 || !servers.contains("coordinator")) {
        return refused(file, "needs the sections [coordinator], [shard-1] and so on, up to " +
                                 std::to_string(kShardsMax) + " shards");
    }
    for (const auto& [name, options] : servers) {
        if (name != "coordinator" && !is_shard(name, servers.size() - 1)) {
            return refused(file, "[" + name +
                                     "] is no node: shards are numbered from shard-1 on, "
                                     "without gaps");
        }
        const Result<void> checked = check_server(file, name, options);
        if (!checked) {
            return fail(checked.error());
        }
    }
    const Result<void> mode = check_mode(file, servers);
    return mode ? Result<Servers>(std::move(servers)) : fail(mode.error());
}

}  // namespace pgmind::cluster
