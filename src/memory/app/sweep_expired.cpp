#include "memory/app/memory_service.hpp"

namespace pgmind::memory {
namespace {

// Small enough that the locks of one statement are short.
constexpr std::size_t kSweepBatch = 1000;

}  // namespace

Task<Result<std::int64_t>> MemoryService::sweep_expired(const RequestContext& request) {
    std::int64_t removed = 0;
    const std::vector<ShardId> shards = ports_.router.shards();
    for (const ShardId& shard : shards) {
        for (const Scope scope : scopes_of(Scope::both)) {
            const Place place{shard, scope};
            std::int64_t batch = static_cast<std::int64_t>(kSweepBatch);
            // What a deadline leaves behind, the next round finds.
            while (batch == static_cast<std::int64_t>(kSweepBatch) && !request.deadline.passed()) {
                Result<std::int64_t> gone =
                    co_await ports_.bulk.remove_expired(request, place, kSweepBatch);
                if (!gone) {
                    co_return fail(std::move(gone.error()));
                }
                batch = *gone;
                removed += batch;
            }
        }
    }
    co_return removed;
}

}  // namespace pgmind::memory
