#include <algorithm>

#include "async/when_all.hpp"
#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_search.hpp"
#include "memory/domain/cursor.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {

std::vector<Scope> scopes_of(Scope scope) {
    return scope == Scope::both ? std::vector{Scope::project, Scope::shared} : std::vector{scope};
}

namespace {

Position position_of(const Entry& entry, ListOrder order) {
    Position position{0, entry.key, entry.scope};
    if (order != ListOrder::key) {
        const WallTime time = order == ListOrder::updated_at ? entry.updated_at : entry.created_at;
        position.time_us = time.time_since_epoch().count();
    }
    return position;
}

// The order of a list over both databases: time, key, then project before shared.
bool comes_before(const Entry& left, const Entry& right, const ListRequest& query) {
    const Position a = position_of(left, query.order);
    const Position b = position_of(right, query.order);
    if (a.time_us != b.time_us) {
        return (a.time_us < b.time_us) != query.descending;
    }
    if (a.name != b.name) {
        return (a.name < b.name) != query.descending;
    }
    return a.scope < b.scope;
}

EntryPageQuery page_query(const ListRequest& query, const std::optional<Position>& after,
                          Scope scope) {
    EntryPageQuery page;
    page.namespace_name = query.namespace_name;
    page.key_prefix = query.key_prefix;
    page.filter = query.filter;
    page.order = query.order;
    page.descending = query.descending;
    page.after = after;
    page.after_included = after && scope > after->scope;
    page.limit = query.limit + 1;  // One more, to know whether there is another page.
    page.with_embedding = query.with_embedding;
    return page;
}

}  // namespace

Task<Result<EntryPage>> MemoryService::list(const RequestContext& request, ListRequest query) {
    const Result<void> valid = validate(query);
    if (!valid) {
        co_return fail(valid.error());
    }
    if (ports_.encryption != nullptr) {
        if (auto admitted = admit_list(*ports_.encryption, query); !admitted) {
            co_return fail(std::move(admitted.error()));
        }
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
    std::vector<EntryPageQuery> queries;
    for (const Scope scope : scopes_of(query.scope)) {
        places.push_back(place_of(query.namespace_name, scope));
        queries.push_back(page_query(query, after, scope));
    }
    std::vector<Task<Result<std::vector<Entry>>>> tasks;
    for (std::size_t i = 0; i < places.size(); ++i) {
        tasks.push_back(ports_.entries.list(request, places[i], queries[i]));
    }
    std::vector<Result<std::vector<Entry>>> lists = co_await async::when_all(std::move(tasks));
    EntryPage page;
    for (Result<std::vector<Entry>>& list : lists) {
        if (!list) {
            co_return fail(std::move(list.error()));
        }
        std::move(list->begin(), list->end(), std::back_inserter(page.entries));
    }
    if (lists.size() > 1) {
        std::sort(page.entries.begin(), page.entries.end(),
                  [&](const Entry& a, const Entry& b) { return comes_before(a, b, query); });
    }
    // The first always has its value: a page that is not the last holds at least one entry.
    const auto no_room = std::find_if(page.entries.begin(), page.entries.end(), is_without_room);
    const auto fitting = static_cast<std::size_t>(no_room - page.entries.begin());
    const std::size_t kept = std::min(query.limit, fitting);
    if (page.entries.size() > kept) {
        page.entries.resize(kept);
        page.next_cursor =
            encode_cursor(fingerprint, position_of(page.entries.back(), query.order));
    }
    ports_.events.publish(request, MemoryEntriesRetrieved{page.entries.size()});
    co_return page;
}

}  // namespace pgmind::memory
