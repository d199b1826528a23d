#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

Task<Result<Namespace>> MemoryService::create_namespace(const RequestContext& request,
                                                        NamespaceRequest namespace_request) {
    const Result<void> valid = validate(namespace_request);
    if (!valid) {
        co_return fail(valid.error());
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
    locate(made->details, place);
    co_return std::move(made->details);
}

}  // namespace pgmind::memory
