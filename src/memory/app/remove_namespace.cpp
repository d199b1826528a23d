#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_storage.hpp"
#include "memory/domain/errors.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

// In batches, so that no transaction holds locks for long; a removal that is cut off goes on when
// it is asked for again. The last step waits for writers, so nothing of the namespace outlives it.
Task<Result<std::int64_t>> MemoryService::remove_namespace(const RequestContext& request,
                                                           Scope scope, std::string name) {
    constexpr std::size_t kBatch = 5000;
    const Result<void> valid = validate_namespace_name(name, "namespace");
    if (!valid) {
        co_return fail(valid.error());
    }
    if (scope == Scope::both) {
        co_return fail(invalid_argument("scope", "must be \"project\" or \"shared\""));
    }
    const Place place = place_of(name, scope);
    std::int64_t removed = 0;
    std::int64_t batch = 0;
    do {
        const Result<std::int64_t> gone =
            co_await ports_.namespaces.remove_entries(request, place, name, kBatch);
        if (!gone) {
            co_return fail(gone.error());
        }
        batch = *gone;
        removed += batch;
    } while (batch == static_cast<std::int64_t>(kBatch));
    const Result<std::optional<std::int64_t>> rest =
        co_await ports_.namespaces.remove_rest(request, place, name);
    if (!rest) {
        co_return fail(rest.error());
    }
    // Also of a removal that was cut off after the entries: what is gone needs no key.
    const security::KeyOwner owner = key_owner(scope, name);
    if (ports_.encryption != nullptr &&
        ports_.encryption->state(owner) != security::KeyState::none) {
        const auto forgotten = co_await ports_.encryption->forget(owner, request.deadline);
        if (!forgotten) {
            co_return fail(forgotten.error());
        }
    }
    if (!*rest) {
        co_return fail(Errc::namespace_not_found, "there is no namespace \"" + name + "\"");
    }
    ports_.events.publish(request, NamespaceDeleted{name});
    co_return removed + **rest;
}

}  // namespace pgmind::memory
