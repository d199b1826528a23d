#include "security/app/directory_refresher.hpp"

#include <algorithm>

namespace pgmind::security {

DirectoryRefresher::DirectoryRefresher(Executor loop, DirectoryStore& store, DirectoryCache& cache,
                                       const Clock& clock, RefreshLimits limits)
    : store_(store), cache_(cache), clock_(clock), limits_(limits), wake_(loop), idle_(loop) {}

Task<Result<void>> DirectoryRefresher::refresh(Deadline deadline) {
    while (looking_) {
        const bool woken = co_await idle_.wait_until(deadline);
        if (!woken && looking_) {
            co_return fail(BaseErrc::deadline_exceeded, "the directory is still being read");
        }
    }
    looking_ = true;
    const Deadline limit = deadline.capped(limits_.timeout);
    Result<void> looked = co_await look(limit);
    looking_ = false;
    problem_ = looked ? "" : looked.error().detail;
    idle_.notify_all();
    co_return looked;
}

Task<Result<void>> DirectoryRefresher::look(Deadline deadline) {
    // What changes after this moment is found by the next look.
    const SteadyTime asked_at = clock_.steady_now();
    const auto known = cache_.newest();
    auto revision = co_await store_.revision(deadline);
    if (!revision) {
        co_return fail(std::move(revision.error()));
    }
    if (known != nullptr && known->revision() == *revision) {
        cache_.confirm(asked_at);
        co_return Result<void>();
    }
    auto contents = co_await store_.load(deadline);
    if (!contents) {
        co_return fail(std::move(contents.error()));
    }
    cache_.publish(std::make_shared<const Directory>(std::move(*contents)), asked_at);
    co_return Result<void>();
}

Task<void> DirectoryRefresher::run() {
    while (!stopping_) {
        woken_ = false;
        const Deadline look_by = Deadline::after(limits_.timeout);
        const auto looked = co_await refresh(look_by);
        const Deadline next = Deadline::after(limits_.poll_every);
        // After a failure a wake-up does not hurry the next try: polling is the back-off.
        while (!stopping_ && !next.passed() && !(woken_ && looked)) {
            co_await wake_.wait_until(next);
        }
    }
}

void DirectoryRefresher::wake() {
    woken_ = true;
    wake_.notify_all();
}

void DirectoryRefresher::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
