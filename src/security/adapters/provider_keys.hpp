#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "platform/crypto/jwk.hpp"
#include "platform/http/client.hpp"
#include "security/adapters/acl_oidc.hpp"

namespace pgmind::security {

/// The keys of one provider in memory: fetched in good time, at most once in a cooldown. A failed
/// fetch leaves those that are there, until they are too old. current() is thread-safe, the rest
/// belongs to the security loop.
class ProviderKeys {
  public:
    ProviderKeys(Executor loop, const OidcProvider& provider, http::Client client,
                 std::string target);

    /// nullptr: there are none that may still be believed.
    std::shared_ptr<const crypto::KeySet> current(SteadyTime now) const;

    /// One fetch, or the end of the one under way; nothing within the cooldown.
    Task<void> renew(Deadline deadline);
    Task<void> run();
    void stop();

  private:
    Task<Result<void>> fetch();
    void publish(std::shared_ptr<const crypto::KeySet> keys, SteadyTime asked_at);

    const std::string name_;
    const std::chrono::seconds renew_every_;
    const std::chrono::seconds cooldown_;
    const std::chrono::seconds age_max_;
    http::Client client_;
    const std::string target_;
    async::Notifier wake_;
    async::Notifier fetched_;
    std::optional<SteadyTime> last_fetch_;
    bool fetching_ = false;
    bool failing_ = false;
    bool stopping_ = false;
    // Every worker takes the pointer; the lock is held for that alone.
    mutable std::mutex mutex_;
    std::shared_ptr<const crypto::KeySet> keys_;
    SteadyTime confirmed_at_{};
};

}  // namespace pgmind::security
