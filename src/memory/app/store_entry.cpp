#include "base/ids.hpp"
#include "intelligence/api/events.hpp"
#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

Task<Result<StoreResult>> MemoryService::store(const RequestContext& request, StoreRequest entry) {
    const Result<void> valid = validate(entry);
    if (!valid) {
        co_return fail(valid.error());
    }
    const Place place = place_of(entry.namespace_name, entry.scope);
    const std::string entry_id = new_uuid();
    Result<StoredEntry> stored = co_await ports_.entries.store(request, place, entry, entry_id);
    if (!stored) {
        co_return fail(std::move(stored.error()));
    }
    StoreResult& result = stored->result;
    if (result.replayed) {
        co_return std::move(result);
    }
    if (stored->namespace_created) {
        ports_.events.publish(request, NamespaceCreated{entry.namespace_name});
    }
    ports_.events.publish(request, MemoryEntryStored{entry.namespace_name, entry.key,
                                                     result.entry.version, result.created});
    if (entry.embedding) {
        ports_.events.publish(request, intelligence::EmbeddingStored{entry.namespace_name,
                                                                     entry.embedding->size()});
    }
    co_return std::move(result);
}

}  // namespace pgmind::memory
