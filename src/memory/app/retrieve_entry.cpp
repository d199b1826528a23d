#include "async/when_all.hpp"
#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/errors.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {
namespace {

using Found = Result<std::optional<Entry>>;

// Asks both databases at once: the answer takes as long as the slower, not the sum. Project's entry
// comes before shared's.
Task<Found> find_in_both(EntryStorage& entries, const RequestContext& request, ShardId shard,
                         const EntryAddress& address, bool with_embedding) {
    const Place project{shard, Scope::project};
    const Place shared{shard, Scope::shared};
    std::vector<Task<Found>> tasks;
    tasks.push_back(entries.find(request, project, address, with_embedding));
    tasks.push_back(entries.find(request, shared, address, with_embedding));
    std::vector<Found> found = co_await async::when_all(std::move(tasks));
    const bool in_project = !found[0] || found[0]->has_value();
    co_return std::move(found[in_project ? 0 : 1]);
}

}  // namespace

Task<Result<Entry>> MemoryService::retrieve(const RequestContext& request, EntryAddress address,
                                            bool with_embedding) {
    const Result<void> valid = validate(address);
    if (!valid) {
        co_return fail(valid.error());
    }
    const Place place = place_of(address.namespace_name, address.scope);
    Found found;
    if (address.scope == Scope::both) {
        found = co_await find_in_both(ports_.entries, request, place.shard, address,
                                      with_embedding);
    } else {
        found = co_await ports_.entries.find(request, place, address, with_embedding);
    }
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    if (!*found) {
        co_return fail(Errc::entry_not_found, "there is no entry \"" + address.key +
                                                  "\" in namespace \"" + address.namespace_name +
                                                  "\"");
    }
    ports_.events.publish(request, MemoryEntryRetrieved{address.namespace_name, address.key});
    co_return std::move(**found);
}

}  // namespace pgmind::memory
