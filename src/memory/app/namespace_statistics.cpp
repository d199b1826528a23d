#include "async/when_all.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/errors.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

// With scope `both` the namespace is that of project, if it is there, and its numbers are the sums.
Task<Result<NamespaceStatistics>> MemoryService::namespace_statistics(const RequestContext& request,
                                                                      Scope scope,
                                                                      std::string name) {
    const Result<void> valid = validate_namespace_name(name, "namespace");
    if (!valid) {
        co_return fail(valid.error());
    }
    std::vector<Place> places;
    for (const Scope one : scopes_of(scope)) {
        places.push_back(place_of(name, one));
    }
    std::vector<Task<Result<std::optional<NamespaceStatistics>>>> tasks;
    for (const Place& place : places) {
        tasks.push_back(ports_.namespaces.statistics(request, place, name));
    }
    auto answers = co_await async::when_all(std::move(tasks));
    std::optional<NamespaceStatistics> total;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i]) {
            co_return fail(std::move(answers[i].error()));
        }
        std::optional<NamespaceStatistics>& one = *answers[i];
        if (one && total) {
            total->entries += one->entries;
            total->entries_with_embedding += one->entries_with_embedding;
            total->bytes += one->bytes;
        } else if (one) {
            total = std::move(one);
            locate(total->details, places[i]);
        }
    }
    if (!total) {
        co_return fail(Errc::namespace_not_found, "there is no namespace \"" + name + "\"");
    }
    co_return std::move(*total);
}

}  // namespace pgmind::memory
