#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "security/app/login_ports.hpp"
#include "security/domain/session_token.hpp"

namespace pgmind::security {

struct SessionLimits {
    std::size_t sessions_max = 10'000;  ///< in memory; the one least recently used goes first
    /// How long a session is believed without the primary having confirmed it.
    std::chrono::milliseconds age_max{30'000};
    std::chrono::milliseconds confirm_every{1'000};
    std::chrono::seconds touch_every{60};  ///< so often a use is written down
    std::chrono::milliseconds timeout{5'000};
};

/// The sessions that this process meets. What is here was on the primary a second ago: the keeper
/// confirms all of it again and again. One for the process; thread-safe.
class SessionCache {
  public:
    SessionCache(SessionRules rules, SessionLimits limits) : rules_(rules), limits_(limits) {}

    /// nullopt when it is not here or was not confirmed for too long.
    std::optional<StoredSession> find(const std::string& session_id, SteadyTime now) const;
    /// Whether the session may be used: for principals that were authenticated earlier.
    bool usable(const std::string& session_id, WallTime now, SteadyTime steady_now) const;
    void note_use(const std::string& session_id, WallTime now);
    const SessionRules& rules() const { return rules_; }
    const SessionLimits& limits() const { return limits_; }

    // For the keeper. `asked_at` is when the primary was asked, not when it answered.
    std::vector<std::string> known() const;
    void put(StoredSession session, SteadyTime asked_at);
    /// Takes what the primary knows of the sessions in `asked`; those not found are forgotten.
    void confirm(const std::vector<std::string>& asked, std::vector<StoredSession> found,
                 SteadyTime asked_at);
    void forget(const std::string& session_id);
    /// Uses that are not written down for touch_every; afterwards they count as written.
    std::vector<SessionUse> take_uses();

  private:
    struct Entry {
        StoredSession session;
        WallTime written_use;
        SteadyTime confirmed_at;
    };
    void put_locked(StoredSession session, SteadyTime asked_at);

    const SessionRules rules_;
    const SessionLimits limits_;
    // tidy: allow lock because every worker looks sessions up here; it is held for one look-up.
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace pgmind::security
