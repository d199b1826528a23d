#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace pgmind::integration::mcp {

/// Whom a session belongs to: the key that opened it, not only its principal, so that a stolen
/// session id is worth nothing without that very key.
struct SessionOwner {
    PrincipalId principal;
    std::string key_id;
    bool operator==(const SessionOwner&) const = default;
};

struct SessionLimits {
    std::size_t sessions_max = 10'000;
    std::size_t sessions_per_owner_max = 500;
    std::chrono::minutes idle_max{30};
};

/// Who has which session, and since when it has been idle. A session ends once: by its client, by
/// idleness, or pushed out by a newer one of the same owner that has too many; its id never comes
/// back. Pure; belongs to one loop.
class SessionBook {
  public:
    explicit SessionBook(SessionLimits limits) : limits_(limits) {}

    struct Admitted {
        std::optional<std::string> pushed_out;  ///< id of the owner's longest idle session
    };
    /// nullopt when there is no room. `id` is new.
    std::optional<Admitted> admit(const std::string& id, SessionOwner owner, SteadyTime now);

    /// True when the session is there and is the owner's; it is then no longer idle.
    bool use(const std::string& id, const SessionOwner& owner, SteadyTime now);

    void end(const std::string& id);

    /// Sessions that were idle for too long; they have ended.
    std::vector<std::string> expire(SteadyTime now);

    std::size_t size() const { return sessions_.size(); }

  private:
    struct Session {
        std::string id;
        SessionOwner owner;
        SteadyTime used_at;
    };
    using Sessions = std::list<Session>;  // longest idle first

    std::optional<std::string> make_room(const SessionOwner& owner);
    void erase(Sessions::iterator session);

    SessionLimits limits_;
    Sessions sessions_;
    std::unordered_map<std::string, Sessions::iterator> by_id_;
    std::unordered_map<std::string, std::size_t> count_by_key_;
};

}  // namespace pgmind::integration::mcp
