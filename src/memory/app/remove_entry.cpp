#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

Task<Result<void>> MemoryService::remove(const RequestContext& request, DeleteRequest target) {
    const Result<void> valid = validate(target);
    if (!valid) {
        co_return valid;
    }
    const Place place = place_of(target.address.namespace_name, target.address.scope);
    const Result<void> removed = co_await ports_.entries.remove(request, place, target);
    if (removed) {
        ports_.events.publish(
            request, MemoryEntryDeleted{target.address.namespace_name, target.address.key});
    }
    co_return removed;
}

}  // namespace pgmind::memory
