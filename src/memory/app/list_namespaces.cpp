#include <algorithm>
#include <tuple>

#include "async/when_all.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/cursor.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

// Every shard gives one page of its own; the first of all these together are the page. Order: name,
// then project before shared.
Task<Result<NamespacePage>> MemoryService::list_namespaces(const RequestContext& request,
                                                           NamespaceListRequest query) {
    const Result<void> valid = validate(query);
    if (!valid) {
        co_return fail(valid.error());
    }
    const std::uint64_t fingerprint = fingerprint_of(query);
    std::optional<Position> after;
    if (!query.cursor.empty()) {
        Result<Position> position = decode_cursor(fingerprint, query.cursor);
        if (!position) {
            co_return fail(std::move(position.error()));
        }
        after = std::move(*position);
    }
    std::vector<Place> places;
    std::vector<NamespacePageQuery> queries;
    for (const Scope scope : scopes_of(query.scope)) {
        for (ShardId& shard : ports_.router.shards()) {
            places.push_back(Place{std::move(shard), scope});
            queries.push_back({query.name_prefix, query.access, after,
                               after && scope > after->scope, query.limit + 1});
        }
    }
    std::vector<Task<Result<std::vector<Namespace>>>> tasks;
    for (std::size_t i = 0; i < places.size(); ++i) {
        tasks.push_back(ports_.namespaces.list(request, places[i], queries[i]));
    }
    auto answers = co_await async::when_all(std::move(tasks));
    NamespacePage page;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i]) {
            co_return fail(std::move(answers[i].error()));
        }
        for (Namespace& found : *answers[i]) {
            locate(found, places[i]);
            page.namespaces.push_back(std::move(found));
        }
    }
    std::sort(page.namespaces.begin(), page.namespaces.end(),
              [](const Namespace& a, const Namespace& b) {
                  return std::tie(a.name, a.scope) < std::tie(b.name, b.scope);
              });
    if (page.namespaces.size() > query.limit) {
        page.namespaces.resize(query.limit);
        const Namespace& last = page.namespaces.back();
        page.next_cursor = encode_cursor(fingerprint, Position{0, last.name, last.scope});
    }
    co_return page;
}

}  // namespace pgmind::memory
