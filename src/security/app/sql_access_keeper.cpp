#include "security/app/sql_access_keeper.hpp"

namespace pgmind::security {
namespace {

constexpr std::chrono::milliseconds kPause{250};
constexpr std::chrono::seconds kConfirmEvery{5};
constexpr std::chrono::seconds kTimeout{5};
// A directory that is older than this is not put into PostgreSQL, nor confirmed there.
constexpr std::chrono::seconds kDirectoryAgeMax{5};

}  // namespace

SqlAccessKeeper::SqlAccessKeeper(Executor loop, const DirectoryCache& cache, const Clock& clock,
                                 std::vector<std::unique_ptr<SqlAccessStore>> stores)
    : cache_(cache),
      clock_(clock),
      stores_(std::move(stores)),
      kept_(stores_.size()),
      wake_(loop) {}

Task<void> SqlAccessKeeper::run(std::size_t store) {
    while (!stopping_) {
        co_await keep(store);
        const Deadline next = Deadline::after(kPause);
        if (!stopping_) {
            co_await wake_.wait_until(next);
        }
    }
}

Task<void> SqlAccessKeeper::keep(std::size_t store) {
    const auto directory = cache_.newest();
    const SteadyTime now = clock_.steady_now();
    if (directory == nullptr || now - cache_.confirmed_at() > kDirectoryAgeMax) {
        co_return;
    }
    Kept& kept = kept_[store];
    SqlAccess wanted = sql_access_of(directory->contents(), clock_.now());
    const bool changed = !kept.known || kept.access != wanted;
    if (!changed && now - kept.confirmed_at < kConfirmEvery) {
        co_return;
    }
    const Deadline deadline = Deadline::after(kTimeout);
    Result<bool> done = false;
    if (changed) {
        done = co_await stores_[store]->replace(wanted, deadline);
    } else {
        done = co_await stores_[store]->confirm(wanted.revision, deadline);
    }
    // False: another gateway was here, and its next look or ours makes it right.
    kept.known = done && *done;
    kept.problem = done ? "" : done.error().detail;
    if (kept.known) {
        kept.confirmed_at = now;
        kept.access = std::move(wanted);
    }
}

void SqlAccessKeeper::stop() {
    stopping_ = true;
    wake_.notify_all();
}

Task<void> SqlAccessKeeper::close(Deadline deadline) {
    for (const auto& store : stores_) {
        co_await store->close(deadline);
    }
}

std::string SqlAccessKeeper::problem() const {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (!kept_[i].problem.empty()) {
            return stores_[i]->name() + ": " + kept_[i].problem;
        }
    }
    return "";
}

}  // namespace pgmind::security
