#include "cluster/adapters/data_directory.hpp"

#include <system_error>

#include "cluster/adapters/claimed_directory.hpp"
#include "cluster/adapters/node_certificates.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/adapters/secrets.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/errors.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

Result<void> as_cluster(Result<void> result) {
    return result ? result : fail(from_process(result.error()));
}

std::string megabytes(std::uint64_t bytes) {
    return std::to_string((bytes + (1ULL << 20) - 1) >> 20) + " MB";
}

class EmbeddedDirectory final : public DataDirectory {
  public:
    explicit EmbeddedDirectory(DirectoryOptions options)
        : options_(std::move(options)),
          layout_(options_.layout),
          secrets_(layout_),
          claimed_(layout_) {}

    Result<std::optional<ClusterManifest>> claim() override;
    Result<void> check(const ClusterManifest& manifest) override;
    Result<void> prepare(const ClusterManifest& manifest) override;
    Result<void> mark_complete(const ClusterManifest& manifest) override {
        return claimed_.save(manifest);
    }

  private:
    bool has_data(const Node& node) const {
        return std::filesystem::exists(layout_.data_directory(node.name));
    }
    bool has_any_data(const ClusterManifest& manifest) const;
    Result<void> check_reachable() const;
    Result<std::optional<ClusterManifest>> load() const;
    Result<void> check_node(const Node& node, const ClusterManifest& manifest) const;
    Result<void> check_room(const ClusterManifest& manifest) const;
    // Others may not look into the directory; the server's user has to pass through it.
    mode_t directory_mode() const { return options_.server_user ? 0711 : 0700; }
    const process::Identity* owner() const {
        return options_.server_user ? &*options_.server_user : nullptr;
    }

    DirectoryOptions options_;
    NodeLayout layout_;
    Secrets secrets_;
    ClaimedDirectory claimed_;
};

Result<std::optional<ClusterManifest>> EmbeddedDirectory::claim() {
    Result<void> done = layout_.check_socket_length();
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = claimed_.check_is_ours();
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = claimed_.make(directory_mode());
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = check_reachable();
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = claimed_.lock();
    if (!done) {
        return fail(std::move(done.error()));
    }
    return load();
}

Result<void> EmbeddedDirectory::check_reachable() const {
    if (!options_.server_user) {
        return {};
    }
    const auto closed = process::first_closed_directory(layout_.directory(), *options_.server_user);
    if (!closed.empty()) {
        return fail(Errc::directory_unusable,
                    "the user " + options_.server_user->name +
                        ", whom PostgreSQL runs as, may not enter " + closed.string() +
                        ": choose another data directory, or chmod o+x it",
                    "data");
    }
    return {};
}

Result<std::optional<ClusterManifest>> EmbeddedDirectory::load() const {
    Result<std::optional<ClusterManifest>> manifest = claimed_.load();
    // A first start that ended before it had made anything binds nobody.
    if (manifest && *manifest && !(*manifest)->complete && !(*manifest)->attached &&
        (*manifest)->format <= ClusterManifest::kFormat && !has_any_data(**manifest)) {
        return std::nullopt;
    }
    return manifest;
}

bool EmbeddedDirectory::has_any_data(const ClusterManifest& manifest) const {
    for (const Node& node : manifest.nodes()) {
        if (has_data(node)) {
            return true;
        }
    }
    return false;
}

Result<void> EmbeddedDirectory::check(const ClusterManifest& manifest) {
    for (const Node& node : manifest.nodes()) {
        Result<void> checked = check_node(node, manifest);
        if (!checked) {
            return checked;
        }
    }
    return check_room(manifest);
}

Result<void> EmbeddedDirectory::check_node(const Node& node,
                                           const ClusterManifest& manifest) const {
    const std::filesystem::path data = layout_.data_directory(node.name);
    if (!has_data(node)) {
        if (manifest.complete) {
            return fail(Errc::broken_state, "the data of " + node.name + " is missing from " +
                                                layout_.directory().string() +
                                                ": restore it from a backup");
        }
        return {};
    }
    const Result<std::string> version = process::read_file(data / "PG_VERSION", 64);
    if (!version) {
        return fail(Errc::broken_state,
                    data.string() + " is no data of PostgreSQL: " + version.error().detail);
    }
    const std::string major = version->substr(0, version->find('\n'));
    if (major != std::to_string(manifest.postgres_major)) {
        return fail(Errc::version_mismatch,
                    data.string() + " was made by PostgreSQL " + major + ", not by " +
                        std::to_string(manifest.postgres_major) +
                        ": upgrade it with pg_upgrade, or install PostgreSQL " + major);
    }
    return {};
}

Result<void> EmbeddedDirectory::check_room(const ClusterManifest& manifest) const {
    std::uint64_t wanted = 0;
    for (const Node& node : manifest.nodes()) {
        wanted += has_data(node) ? options_.free_bytes_existing_node : options_.free_bytes_new_node;
    }
    const Result<std::uint64_t> free = process::free_bytes(layout_.directory());
    if (!free) {
        return fail(from_process(free.error()));
    }
    if (*free < wanted) {
        return fail(Errc::disk_full, "the disk of " + layout_.directory().string() + " has " +
                                         megabytes(*free) + " free, starting needs " +
                                         megabytes(wanted));
    }
    return {};
}

Result<void> EmbeddedDirectory::prepare(const ClusterManifest& manifest) {
    Result<void> done = claimed_.save(manifest);
    if (!done) {
        return done;
    }
    done = as_cluster(process::ensure_directory(layout_.secrets_directory(), 0700));
    if (!done) {
        return done;
    }
    for (const auto& directory : {layout_.run_directory(), layout_.log_directory()}) {
        done = as_cluster(process::ensure_directory(directory, 0700, owner()));
        if (!done) {
            return done;
        }
    }
    done = secrets_.ensure({Role::superuser, Role::migrator, Role::gateway, Role::monitor},
                           !has_any_data(manifest));
    return done ? NodeCertificates(layout_).ensure_authority() : done;
}

}  // namespace

std::unique_ptr<DataDirectory> make_data_directory(DirectoryOptions options) {
    return std::make_unique<EmbeddedDirectory>(std::move(options));
}

Result<std::optional<process::Identity>> server_user(const std::string& name) {
    if (!process::current_identity().is_root()) {
        return std::nullopt;
    }
    Result<process::Identity> identity = process::identity_of_user(name);
    if (!identity && identity.error().code == process::Errc::not_found) {
        return fail(Errc::not_installed,
                    "there is no user " + name +
                        " to run PostgreSQL as (it refuses root): install the package "
                        "postgresql-common, or name another user");
    }
    if (!identity) {
        return fail(from_process(identity.error()));
    }
    if (identity->is_root()) {
        return fail(Errc::invalid_request, "PostgreSQL refuses to run as root: name another user");
    }
    return std::optional(std::move(*identity));
}

}  // namespace pgmind::cluster
