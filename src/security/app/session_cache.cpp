#include "security/app/session_cache.hpp"

#include <algorithm>

namespace pgmind::security {

std::optional<StoredSession> SessionCache::find(const std::string& session_id,
                                                SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(session_id);
    if (found == entries_.end() || now - found->second.confirmed_at > limits_.age_max) {
        return std::nullopt;
    }
    return found->second.session;
}

bool SessionCache::usable(const std::string& session_id, WallTime now,
                          SteadyTime steady_now) const {
    const auto session = find(session_id, steady_now);
    return session && unusable_reason(session->details, rules_, now).empty();
}

void SessionCache::note_use(const std::string& session_id, WallTime now) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(session_id); found != entries_.end()) {
        WallTime& last = found->second.session.details.last_used_at;
        last = std::max(last, now);
    }
}

std::vector<std::string> SessionCache::known() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    ids.reserve(entries_.size());
    for (const auto& [id, entry] : entries_) {
        ids.push_back(id);
    }
    return ids;
}

void SessionCache::put(StoredSession session, SteadyTime asked_at) {
    const std::lock_guard lock(mutex_);
    put_locked(std::move(session), asked_at);
}

void SessionCache::put_locked(StoredSession session, SteadyTime asked_at) {
    const auto found = entries_.find(session.details.session_id);
    if (found != entries_.end()) {
        Entry& entry = found->second;
        if (asked_at < entry.confirmed_at) {
            return;  // An answer to an older question.
        }
        // What was used here and is not written down yet counts too.
        WallTime& last = session.details.last_used_at;
        entry.written_use = std::max(entry.written_use, last);
        last = std::max(last, entry.session.details.last_used_at);
        entry.session = std::move(session);
        entry.confirmed_at = asked_at;
        return;
    }
    if (entries_.size() >= limits_.sessions_max) {
        const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                             [](const auto& left, const auto& right) {
                                                 return left.second.session.details.last_used_at <
                                                        right.second.session.details.last_used_at;
                                             });
        entries_.erase(oldest);
    }
    std::string id = session.details.session_id;
    const WallTime written = session.details.last_used_at;
    entries_.emplace(std::move(id), Entry{std::move(session), written, asked_at});
}

void SessionCache::confirm(const std::vector<std::string>& asked, std::vector<StoredSession> found,
                           SteadyTime asked_at) {
    const std::lock_guard lock(mutex_);
    for (StoredSession& session : found) {
        if (entries_.contains(session.details.session_id)) {
            put_locked(std::move(session), asked_at);
        }
    }
    for (const std::string& id : asked) {
        const auto entry = entries_.find(id);
        if (entry != entries_.end() && entry->second.confirmed_at < asked_at) {
            entries_.erase(entry);
        }
    }
}

void SessionCache::forget(const std::string& session_id) {
    const std::lock_guard lock(mutex_);
    entries_.erase(session_id);
}

std::vector<SessionUse> SessionCache::take_uses() {
    const std::lock_guard lock(mutex_);
    std::vector<SessionUse> uses;
    for (auto& [id, entry] : entries_) {
        const WallTime last = entry.session.details.last_used_at;
        if (last - entry.written_use >= limits_.touch_every) {
            uses.push_back({id, last});
            entry.written_use = last;
        }
    }
    return uses;
}

}  // namespace pgmind::security
