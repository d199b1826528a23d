#include "cluster/adapters/data_directory.hpp"

#include <system_error>

#include "cluster/adapters/manifest_file.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/adapters/secrets.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/errors.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kManifestBytesMax = 16UL * 1024;

Result<void> as_cluster(Result<void> result) {
    return result ? result : fail(from_process(result.error()));
}

std::string megabytes(std::uint64_t bytes) {
    return std::to_string((bytes + (1ULL << 20) - 1) >> 20) + " MB";
}

class EmbeddedDirectory final : public DataDirectory {
  public:
    explicit EmbeddedDirectory(DirectoryOptions options)
        : options_(std::move(options)), layout_(options_.layout), secrets_(layout_) {}

    Result<std::optional<ClusterManifest>> claim() override;
    Result<void> check(const ClusterManifest& manifest) override;
    Result<void> prepare(const ClusterManifest& manifest) override;
    Result<void> mark_complete(const ClusterManifest& manifest) override { return save(manifest); }

  private:
    bool has_data(const Node& node) const {
        return std::filesystem::exists(layout_.data_directory(node.name));
    }
    bool has_any_data(const ClusterManifest& manifest) const;
    Result<void> check_is_ours() const;
    Result<void> check_reachable() const;
    Result<void> lock();
    Result<std::optional<ClusterManifest>> load() const;
    Result<void> check_node(const Node& node, const ClusterManifest& manifest) const;
    Result<void> check_room(const ClusterManifest& manifest) const;
    Result<void> save(const ClusterManifest& manifest) const;
    // Others may not look into the directory; the server's user has to pass through it.
    mode_t directory_mode() const { return options_.server_user ? 0711 : 0700; }
    const process::Identity* owner() const {
        return options_.server_user ? &*options_.server_user : nullptr;
    }

    DirectoryOptions options_;
    NodeLayout layout_;
    Secrets secrets_;
    std::optional<process::FileLock> lock_;
};

Result<std::optional<ClusterManifest>> EmbeddedDirectory::claim() {
    Result<void> done = layout_.check_socket_length();
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = check_is_ours();
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = as_cluster(process::ensure_directory(layout_.directory(), directory_mode()));
    if (!done) {
        return fail(Errc::directory_unusable, done.error().detail, "data");
    }
    done = check_reachable();
    if (!done) {
        return fail(std::move(done.error()));
    }
    done = lock();
    if (!done) {
        return fail(std::move(done.error()));
    }
    return load();
}

// Before the first change: a wrong path must not cost anybody the modes of his directory.
Result<void> EmbeddedDirectory::check_is_ours() const {
    std::error_code failure;
    const auto kind = std::filesystem::status(layout_.directory(), failure).type();
    if (kind == std::filesystem::file_type::not_found) {
        return {};
    }
    if (kind != std::filesystem::file_type::directory) {
        return fail(Errc::directory_unusable,
                    "the data directory " + layout_.directory().string() + " is not a directory",
                    "data");
    }
    if (std::filesystem::exists(layout_.manifest_file(), failure)) {
        return {};
    }
    for (const auto& entry : std::filesystem::directory_iterator(layout_.directory(), failure)) {
        const std::string name = entry.path().filename();
        if (name != "lock" && name != "lost+found" && !name.starts_with("pgmind.json.new-")) {
            return fail(Errc::foreign_directory,
                        layout_.directory().string() +
                            " is not empty and is no data directory of pgmind (it has " + name +
                            "): choose another",
                        "data");
        }
    }
    if (failure) {
        return fail(Errc::directory_unusable,
                    "cannot read the data directory " + layout_.directory().string() + ": " +
                        failure.message(),
                    "data");
    }
    return {};
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

Result<void> EmbeddedDirectory::lock() {
    Result<process::FileLock> taken = process::FileLock::take(layout_.lock_file());
    if (taken) {
        lock_.emplace(std::move(*taken));
        return {};
    }
    if (taken.error().code != process::Errc::in_use) {
        return fail(from_process(taken.error()));
    }
    const std::string pid = taken.error().reason;
    return fail(Errc::directory_in_use,
                "the data directory " + layout_.directory().string() + " is in use by pgmind" +
                    (pid.empty() ? "" : " (pid " + pid + ")"),
                "data");
}

Result<std::optional<ClusterManifest>> EmbeddedDirectory::load() const {
    const auto text = process::read_file(layout_.manifest_file(), kManifestBytesMax);
    if (!text && text.error().code == process::Errc::not_found) {
        return std::nullopt;
    }
    if (!text) {
        return fail(from_process(text.error()));
    }
    Result<ClusterManifest> manifest = manifest_from_json(*text);
    if (!manifest) {
        return fail(std::move(manifest.error()));
    }
    // A first start that ended before it had made anything binds nobody.
    if (!manifest->complete && manifest->format <= ClusterManifest::kFormat &&
        !has_any_data(*manifest)) {
        return std::nullopt;
    }
    return std::optional(std::move(*manifest));
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
    Result<void> done = save(manifest);
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
    return secrets_.ensure(!has_any_data(manifest));
}

Result<void> EmbeddedDirectory::save(const ClusterManifest& manifest) const {
    return as_cluster(process::write_atomically(layout_.manifest_file(), to_json(manifest), 0644));
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
