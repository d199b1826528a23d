#include "integration/domain/session_book.hpp"

#include <algorithm>
#include <utility>

namespace pgmind::integration::mcp {

std::optional<SessionBook::Admitted> SessionBook::admit(const std::string& id, SessionOwner owner,
                                                        SteadyTime now) {
    Admitted admitted;
    admitted.pushed_out = make_room(owner);
    if (sessions_.size() >= limits_.sessions_max) {
        return std::nullopt;
    }
    ++count_by_key_[owner.key_id];
    sessions_.push_back({id, std::move(owner), now});
    by_id_[id] = std::prev(sessions_.end());
    return admitted;
}

std::optional<std::string> SessionBook::make_room(const SessionOwner& owner) {
    const auto count = count_by_key_.find(owner.key_id);
    if (count == count_by_key_.end() || count->second < limits_.sessions_per_owner_max) {
        return std::nullopt;
    }
    const auto oldest =
        std::find_if(sessions_.begin(), sessions_.end(),
                     [&](const Session& session) { return session.owner.key_id == owner.key_id; });
    std::string id = oldest->id;
    erase(oldest);
    return id;
}

bool SessionBook::use(const std::string& id, const SessionOwner& owner, SteadyTime now) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end() || !(found->second->owner == owner)) {
        return false;
    }
    found->second->used_at = now;
    sessions_.splice(sessions_.end(), sessions_, found->second);
    return true;
}

void SessionBook::end(const std::string& id) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) {
        erase(found->second);
    }
}

std::vector<std::string> SessionBook::expire(SteadyTime now) {
    std::vector<std::string> expired;
    while (!sessions_.empty() && now - sessions_.front().used_at >= limits_.idle_max) {
        expired.push_back(sessions_.front().id);
        erase(sessions_.begin());
    }
    return expired;
}

void SessionBook::erase(Sessions::iterator session) {
    const auto count = count_by_key_.find(session->owner.key_id);
    if (--count->second == 0) {
        count_by_key_.erase(count);
    }
    by_id_.erase(session->id);
    sessions_.erase(session);
}

}  // namespace pgmind::integration::mcp
