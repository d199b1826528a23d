#include "cluster/adapters/claimed_directory.hpp"

#include <system_error>

#include "cluster/adapters/manifest_file.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/errors.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kManifestBytesMax = 16UL * 1024;

}  // namespace

// Before the first change: a wrong path must not cost anybody the modes of his directory.
Result<void> ClaimedDirectory::check_is_ours() const {
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

Result<void> ClaimedDirectory::make(mode_t mode) const {
    const Result<void> made = process::ensure_directory(layout_.directory(), mode);
    return made ? made : fail(Errc::directory_unusable, made.error().detail, "data");
}

Result<void> ClaimedDirectory::lock() {
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

Result<std::optional<ClusterManifest>> ClaimedDirectory::load() const {
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
    return std::optional(std::move(*manifest));
}

Result<void> ClaimedDirectory::save(const ClusterManifest& manifest) const {
    const Result<void> written =
        process::write_atomically(layout_.manifest_file(), to_json(manifest), 0644);
    return written ? written : fail(from_process(written.error()));
}

}  // namespace pgmind::cluster
