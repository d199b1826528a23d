#include "cluster/adapters/attached_directory.hpp"

#include "cluster/adapters/claimed_directory.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/adapters/secrets.hpp"
#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

class AttachedDirectory final : public DataDirectory {
  public:
    explicit AttachedDirectory(NodeLayout layout)
        : layout_(std::move(layout)), secrets_(layout_), claimed_(layout_) {}

    Result<std::optional<ClusterManifest>> claim() override {
        Result<void> done = claimed_.check_is_ours();
        if (done) {
            done = claimed_.make(0700);
        }
        if (done) {
            done = claimed_.lock();
        }
        if (!done) {
            return fail(std::move(done.error()));
        }
        return claimed_.load();
    }

    // Nothing here can be too old or too small: what could be lost are secrets, which prepare()
    // looks for.
    Result<void> check(const ClusterManifest&) override { return {}; }

    // Databases may have been made as soon as the manifest was there, so its id is kept; only once
    // all was complete do the servers know every password.
    Result<void> prepare(const ClusterManifest& manifest) override {
        Result<void> done = claimed_.save(manifest);
        if (!done) {
            return done;
        }
        done = process::ensure_directory(layout_.secrets_directory(), 0700);
        if (!done) {
            return fail(from_process(done.error()));
        }
        return secrets_.ensure({Role::migrator, Role::gateway, Role::monitor}, !manifest.complete);
    }

    Result<void> mark_complete(const ClusterManifest& manifest) override {
        return claimed_.save(manifest);
    }

  private:
    NodeLayout layout_;
    Secrets secrets_;
    ClaimedDirectory claimed_;
};

}  // namespace

std::unique_ptr<DataDirectory> make_attached_directory(NodeLayout layout) {
    return std::make_unique<AttachedDirectory>(std::move(layout));
}

}  // namespace pgmind::cluster
