#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_storage.hpp"
#include "memory/domain/errors.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

Task<Result<Namespace>> MemoryService::create_namespace(const RequestContext& request,
                                                        NamespaceRequest namespace_request) {
    const Result<void> valid = validate(namespace_request);
    if (!valid) {
        co_return fail(valid.error());
    }
    const bool encrypt = namespace_request.encrypted.value_or(false);
    if (encrypt && ports_.encryption == nullptr) {
        co_return fail(Errc::encryption_not_offered,
                       "this gateway has no key-encryption key: nothing can be encrypted here");
    }
    const Place place = place_of(namespace_request.name, namespace_request.scope);
    Result<CreatedNamespace> made =
        co_await ports_.namespaces.create(request, place, namespace_request);
    if (!made) {
        co_return fail(std::move(made.error()));
    }
    if (made->created) {
        ports_.events.publish(request, NamespaceCreated{namespace_request.name});
    }
    if (encrypt && !made->details.encrypted) {
        const auto encrypted = co_await encrypt_namespace(request, place, namespace_request.name);
        if (!encrypted) {
            co_return fail(encrypted.error());
        }
        made->details.encrypted = true;
    }
    if (namespace_request.encrypted == false && made->details.encrypted) {
        co_return fail(Errc::fixed_setting,
                       "namespace \"" + namespace_request.name +
                           "\" is encrypted, which cannot be taken away: copy it to another one",
                       "encrypted");
    }
    locate(made->details, place);
    co_return std::move(made->details);
}

// The key first: without one, the shard would hold writers to something that nobody can do.
Task<Result<void>> MemoryService::encrypt_namespace(const RequestContext& request,
                                                    const Place& place, const std::string& name) {
    const security::KeyOwner owner = key_owner(place.scope, name);
    const bool had_key = ports_.encryption->state(owner) != security::KeyState::none;
    const auto key_name = co_await ports_.encryption->ensure_key(owner, request.deadline);
    if (!key_name) {
        co_return fail(key_name.error());
    }
    auto set = co_await ports_.sealing->set_key(request, place, name, *key_name);
    if (set && *set) {
        co_return Result<void>();
    }
    if (!had_key) {
        const auto forgotten = co_await ports_.encryption->forget(owner, request.deadline);
        if (!forgotten) {
            co_return fail(forgotten.error());
        }
    }
    if (!set) {
        co_return fail(std::move(set.error()));
    }
    co_return fail(Errc::namespace_not_found, "namespace \"" + name + "\" was just deleted");
}

}  // namespace pgmind::memory
