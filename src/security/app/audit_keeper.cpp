#include "security/app/audit_keeper.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kRound = 500;
constexpr std::chrono::seconds kPause{1};
constexpr std::chrono::seconds kTimeout{5};
constexpr std::chrono::hours kRoomFor{12};

}  // namespace

AuditKeeper::AuditKeeper(Executor loop, PendingAudit& pending, AuditWriter& audit,
                         const Clock& clock)
    : pending_(pending), audit_(audit), clock_(clock), wake_(loop) {}

Task<Result<bool>> AuditKeeper::bring_in() {
    // What was brought in is not pending any more once it was committed; while it waits, in an
    // outage, its claim may run out and come back here.
    if (audit_.statistics().queued == 0) {
        brought_in_.clear();
    }
    const Deadline deadline = Deadline::after(kTimeout);
    auto claimed = co_await pending_.claim(kRound, deadline);
    if (!claimed) {
        co_return fail(std::move(claimed.error()));
    }
    const bool more = claimed->size() == kRound;
    for (AuditRecord& record : *claimed) {
        if (brought_in_.contains(record.change_id)) {
            continue;
        }
        // What does not fit is claimed again later.
        std::string change = record.change_id;
        const auto queued = audit_.enqueue(std::move(record));
        if (!queued) {
            co_return fail(queued.error());
        }
        brought_in_.insert(std::move(change));
    }
    co_return more;
}

Task<void> AuditKeeper::make_room() {
    if (clock_.steady_now() < room_until_) {
        co_return;
    }
    const Deadline deadline = Deadline::after(kTimeout);
    const auto made = co_await pending_.make_room(deadline);
    if (made) {
        room_until_ = clock_.steady_now() + kRoomFor;
    } else {
        problem_ = made.error().detail;
    }
}

Task<void> AuditKeeper::run() {
    while (!stopping_) {
        const auto more = co_await bring_in();
        problem_ = more ? "" : more.error().detail;
        co_await make_room();
        if (!stopping_ && !more.value_or(false)) {
            const Deadline next = Deadline::after(kPause);
            co_await wake_.wait_until(next);
        }
    }
}

void AuditKeeper::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
