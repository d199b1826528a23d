#include "memory/app/memory_service.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

Task<Result<std::int64_t>> MemoryService::export_entries(const RequestContext& request, Scope scope,
                                                         std::string namespace_name,
                                                         NamespaceAccess access, EntrySink sink) {
    NamespaceSelection selection;
    selection.access = std::move(access);
    std::vector<ShardId> shards = ports_.router.shards();
    if (!namespace_name.empty()) {
        if (auto valid = validate_namespace_name(namespace_name, "namespace"); !valid) {
            co_return fail(std::move(valid.error()));
        }
        if (!allows(selection.access, namespace_name)) {
            co_return 0;
        }
        shards = {ports_.router.shard_of(namespace_name)};
        selection.names = {std::move(namespace_name)};
    }
    const std::string named = selection.names.empty() ? "" : selection.names.front();
    std::int64_t exported = 0;
    for (const ShardId& shard : shards) {
        for (const Scope one : scopes_of(scope)) {
            const Place place{shard, one};
            Result<std::int64_t> read = co_await ports_.bulk.read(request, place, selection, sink);
            if (!read) {
                co_return fail(std::move(read.error()));
            }
            exported += *read;
        }
    }
    if (exported == 0 && !named.empty()) {
        // Nothing in it, or no such namespace: a mistyped name must not pass for an empty backup.
        const auto found = co_await namespace_statistics(request, scope, named);
        if (!found) {
            co_return fail(found.error());
        }
    }
    co_return exported;
}

}  // namespace pgmind::memory
