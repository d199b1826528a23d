#include "security/app/session_keeper.hpp"

namespace pgmind::security {
namespace {

constexpr std::chrono::minutes kRemoveEvery{10};
// So long a session that is over can still be seen in lists; the audit log keeps it for good.
constexpr std::chrono::hours kShownAfterEnd{24};

}  // namespace

SessionKeeper::SessionKeeper(Executor loop, SessionStore& store, SessionCache& cache,
                             const Clock& clock)
    : store_(store),
      cache_(cache),
      clock_(clock),
      wake_(loop),
      confirmed_at_(clock.steady_now().time_since_epoch().count()) {}

Task<Result<void>> SessionKeeper::fetch(std::string session_id, Deadline deadline) {
    const SteadyTime asked_at = clock_.steady_now();
    const std::vector<std::string> ids = {std::move(session_id)};
    auto found = co_await store_.find(ids, deadline);
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    for (StoredSession& session : *found) {
        cache_.put(std::move(session), asked_at);
    }
    co_return Result<void>();
}

Task<Result<void>> SessionKeeper::confirm(Deadline deadline) {
    const SteadyTime asked_at = clock_.steady_now();
    const std::vector<std::string> ids = cache_.known();
    if (ids.empty()) {
        co_return Result<void>();
    }
    auto found = co_await store_.find(ids, deadline);
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    cache_.confirm(ids, std::move(*found), asked_at);
    const std::vector<SessionUse> uses = cache_.take_uses();
    if (uses.empty()) {
        co_return Result<void>();
    }
    auto touched = co_await store_.touch(uses, deadline);
    co_return touched;
}

Task<Result<void>> SessionKeeper::remove_ended(Deadline deadline) {
    const SteadyTime now = clock_.steady_now();
    if (removed_at_ != SteadyTime{} && now - removed_at_ < kRemoveEvery) {
        co_return Result<void>();
    }
    removed_at_ = now;
    auto removed = co_await store_.remove_ended_before(clock_.now() - kShownAfterEnd, deadline);
    co_return removed;
}

Task<Result<std::vector<SessionDetails>>> SessionKeeper::list(PrincipalId principal,
                                                              Deadline deadline) {
    auto sessions = co_await store_.list(principal, deadline);
    co_return sessions;
}

Task<Result<bool>> SessionKeeper::revoke(std::string session_id, PrincipalId principal,
                                         AuditRecord record, Deadline deadline) {
    auto revoked = co_await store_.revoke(session_id, principal, clock_.now(), record, deadline);
    if (revoked && *revoked) {
        cache_.forget(session_id);
    }
    co_return revoked;
}

Task<void> SessionKeeper::run() {
    while (!stopping_) {
        const SteadyTime begun = clock_.steady_now();
        const Deadline limit = Deadline::after(cache_.limits().timeout);
        Result<void> done = co_await confirm(limit);
        if (done) {
            done = co_await remove_ended(limit);
        }
        if (done) {
            confirmed_at_ = begun.time_since_epoch().count();
        }
        problem_ = done ? "" : done.error().detail;
        const Deadline next = Deadline::after(cache_.limits().confirm_every);
        while (!stopping_ && !next.passed()) {
            co_await wake_.wait_until(next);
        }
    }
}

void SessionKeeper::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
