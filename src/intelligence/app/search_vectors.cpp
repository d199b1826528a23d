#include "intelligence/app/search_vectors.hpp"

#include <algorithm>
#include <iterator>

namespace pgmind::intelligence {
namespace {

using Limits = VectorSearchLimits;

std::size_t ef_search_of(const VectorSearchRequest& query) {
    if (query.ef_search) {
        return static_cast<std::size_t>(*query.ef_search);
    }
    return std::min(std::max(query.limit, Limits::ef_search_default),
                    memory::Limits::ef_search_max);
}

std::string counted(std::size_t count, const char* what) {
    return std::to_string(count) + " " + what;
}

/// What a search did last, for the one who asks how.
struct Outcome {
    FoundVectors found;
    VectorMethod method = VectorMethod::index;
    std::string reason;
};

void merge(FoundVectors& into, FoundVectors from, std::size_t limit) {
    into.rows += from.rows;
    std::move(from.hits.begin(), from.hits.end(), std::back_inserter(into.hits));
    std::sort(into.hits.begin(), into.hits.end(), [](const VectorHit& a, const VectorHit& b) {
        return a.similarity != b.similarity           ? a.similarity > b.similarity
               : a.namespace_name != b.namespace_name ? a.namespace_name < b.namespace_name
                                                      : a.key < b.key;
    });
    into.hits.resize(std::min(into.hits.size(), limit));
}

// One statement after the other, so that a search takes one connection however many it asks.
Task<Result<FoundVectors>> search_in_turn(VectorStore& store, VectorStatement statement,
                                          Deadline deadline) {
    const std::span<const std::string> all = statement.namespaces;
    FoundVectors found;
    for (std::size_t at = 0; at < all.size(); at += Limits::namespaces_per_statement_max) {
        const std::size_t left = all.size() - at;
        statement.namespaces =
            all.subspan(at, std::min(left, Limits::namespaces_per_statement_max));
        auto part = co_await store.search(statement, deadline);
        if (!part) {
            co_return fail(std::move(part.error()));
        }
        merge(found, std::move(*part), statement.query.limit);
    }
    co_return found;
}

Task<Result<Outcome>> search_exactly(VectorStore& store, VectorStatement statement,
                                     std::string reason, Deadline deadline) {
    statement.method = VectorMethod::exact;
    auto found = co_await search_in_turn(store, statement, deadline);
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    co_return Outcome{std::move(*found), VectorMethod::exact, std::move(reason)};
}

Task<Result<Outcome>> search_index(VectorStore& store, VectorStatement statement,
                                   std::string reason, Deadline deadline) {
    statement.method = VectorMethod::index;
    auto found = co_await search_in_turn(store, statement, deadline);
    if (!found && !found.error().is(Failure::invalid_argument)) {
        co_return fail(std::move(found.error()));
    }
    if (!found) {
        // Entries that were deleted are in the index until it is vacuumed, with their dimensions.
        // Whether those that are there have others, the exact search knows.
        std::string stale = "the index still has vectors of other dimensions";
        auto outcome = co_await search_exactly(store, statement, std::move(stale), deadline);
        co_return outcome;
    }
    if (found->rows >= statement.query.limit) {
        co_return Outcome{std::move(*found), VectorMethod::index, std::move(reason)};
    }
    // There are fewer entries than wanted, or the index gave up among expired or filtered ones.
    // Entries that it does not hold (zero vectors) are not near anything.
    std::string too_few = "the index gave " + counted(found->rows, "rows") + ", fewer than wanted";
    auto outcome = co_await search_exactly(store, statement, std::move(too_few), deadline);
    co_return outcome;
}

Task<Result<Outcome>> choose_and_search(VectorStore& store, VectorStatement statement,
                                        bool exact_only, Deadline deadline) {
    if (exact_only) {
        std::string reason = "the settings say so";
        auto outcome = co_await search_exactly(store, statement, std::move(reason), deadline);
        co_return outcome;
    }
    const std::vector<float>& vector = statement.query.embedding;
    if (std::all_of(vector.begin(), vector.end(), [](float value) { return value == 0; })) {
        std::string reason = "a zero vector is near nothing";
        auto outcome = co_await search_exactly(store, statement, std::move(reason), deadline);
        co_return outcome;
    }
    const VectorIndexLimits limits = store.index_limits(statement.query);
    if (vector.size() > limits.dimensions_max) {
        std::string reason = "vectors of more than " +
                             counted(limits.dimensions_max, "dimensions have no index here");
        auto outcome = co_await search_exactly(store, statement, std::move(reason), deadline);
        co_return outcome;
    }
    const bool filtered = statement.query.filter.has_value();
    std::string reason = "no filter";
    if (filtered || limits.filters_late) {
        statement.method = VectorMethod::matching;
        auto few = co_await store.search(statement, deadline);
        if (!few) {
            co_return fail(std::move(few.error()));
        }
        if (few->matching <= statement.few_rows_max) {
            std::string small = (filtered ? "the filter leaves " : "there are ") +
                                counted(few->matching, "entries");
            co_return Outcome{std::move(*few), VectorMethod::matching, std::move(small)};
        }
        reason = (filtered ? "the filter leaves more than " : "no filter, more than ") +
                 counted(statement.few_rows_max, "entries");
    }
    auto outcome = co_await search_index(store, statement, std::move(reason), deadline);
    co_return outcome;
}

Task<Result<memory::VectorPlan>> explain(VectorStore& store, VectorStatement statement,
                                         const Outcome& outcome, Deadline deadline) {
    memory::VectorPlan plan;
    plan.shard = statement.query.shard.value();
    plan.scope = statement.query.scope;
    plan.reason = outcome.reason;
    plan.namespaces = statement.namespaces.size();
    if (statement.namespaces.empty()) {
        co_return plan;
    }
    statement.method = outcome.method;
    const std::size_t first =
        std::min(statement.namespaces.size(), Limits::namespaces_per_statement_max);
    statement.namespaces = statement.namespaces.first(first);
    const auto report = co_await store.explain(statement, deadline);
    if (!report) {
        co_return fail(report.error());
    }
    plan.index = report->index;
    plan.rows_visited = report->rows_visited;
    plan.ef_search = report->index ? statement.ef_search : 0;
    if (outcome.method == VectorMethod::index && !report->index) {
        plan.reason = "PostgreSQL expects so few vectors that reading all costs less";
    }
    if (statement.query.filter) {
        const auto share = co_await store.selectivity(statement, deadline);
        if (!share) {
            co_return fail(share.error());
        }
        plan.selectivity = *share;
    }
    co_return plan;
}

}  // namespace

Task<Result<VectorSearchResult>> search_vectors(VectorStore& store,
                                                const VectorSearchRequest& query, bool exact_only,
                                                const Clock& clock, Deadline deadline) {
    const SteadyTime begin = clock.steady_now();
    // A single namespace that was named is asked as it is: its dimensions are checked there.
    std::vector<std::string> names = query.namespaces;
    if (names.size() != 1) {
        auto found = co_await store.namespaces(query, Limits::namespaces_max + 1, deadline);
        if (!found) {
            co_return fail(std::move(found.error()));
        }
        names = std::move(*found);
    }
    if (names.size() > Limits::namespaces_max) {
        co_return fail(invalid_argument(
            "namespaces", "more than " + std::to_string(Limits::namespaces_max) +
                              " namespaces of a shard are meant: name those to search"));
    }
    const VectorStatement statement{query, names, VectorMethod::index, ef_search_of(query),
                                    Limits::few_rows_max};
    Outcome outcome;
    outcome.reason = "no namespace has vectors of these dimensions";
    if (!names.empty()) {
        auto searched = co_await choose_and_search(store, statement, exact_only, deadline);
        if (!searched) {
            co_return fail(std::move(searched.error()));
        }
        outcome = std::move(*searched);
    }
    const std::chrono::duration<double, std::milli> elapsed = clock.steady_now() - begin;
    VectorSearchResult result;
    if (query.explain) {
        auto plan = co_await explain(store, statement, outcome, deadline);
        if (!plan) {
            co_return fail(std::move(plan.error()));
        }
        plan->milliseconds = elapsed.count();
        result.plan = std::move(*plan);
    }
    result.by_index = !names.empty() && outcome.method == VectorMethod::index;
    result.hits = std::move(outcome.found.hits);
    co_return result;
}

}  // namespace pgmind::intelligence
