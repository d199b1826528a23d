#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "async/when_all.hpp"
#include "cluster/api/events.hpp"
#include "intelligence/api/events.hpp"
#include "intelligence/api/rank_fusion.hpp"
#include "memory/api/events.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/app/sealed_search.hpp"
#include "memory/domain/validation.hpp"

namespace pgmind::memory {
namespace {

/// One entry that a ranking found. `id` orders as scope, namespace, key do, and is the id of rank
/// fusion.
struct Candidate {
    Place place;
    EntryName name;
    std::string id;
    double score = 0;
};

/// What one ranking found at one place.
struct PlaceAnswer {
    std::vector<Candidate> found;
    std::optional<VectorPlan> plan;
};
using PlaceResult = Result<PlaceAnswer>;

/// What is asked of one place.
struct PlaceSearch {
    Place place;
    NamespaceSelection selection;
};

std::string_view name_of(SearchMode mode) {
    switch (mode) {
        case SearchMode::text:
            return "text";
        case SearchMode::vector:
            return "vector";
        case SearchMode::hybrid:
            break;
    }
    return "hybrid";
}

// No name holds a NUL, so ids compare as their parts do.
Candidate candidate(const Place& place, std::string namespace_name, std::string key, double score) {
    std::string id = place.scope == Scope::project ? "p" : "s";
    id += namespace_name + std::string(1, '\0') + key;
    return Candidate{place, {std::move(namespace_name), std::move(key)}, std::move(id), score};
}

/// Measures one statement on a shard and publishes it.
class ShardQuery {
  public:
    ShardQuery(const MemoryPorts& ports, const RequestContext& request, const ShardId& shard)
        : events_(ports.events),
          clock_(ports.clock),
          request_(request),
          shard_(shard),
          begin_(clock_.steady_now()) {}

    void finished(std::size_t rows) const {
        const auto elapsed = clock_.steady_now() - begin_;
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(elapsed);
        events_.publish(request_, cluster::ShardQueryExecuted{shard_.value(), us.count(), rows});
    }

  private:
    async::EventBus& events_;
    const Clock& clock_;
    const RequestContext& request_;
    const ShardId& shard_;
    SteadyTime begin_;
};

Task<PlaceResult> search_words(MemoryPorts ports, const RequestContext& request,
                               const SearchRequest& query, const PlaceSearch& at,
                               std::size_t limit) {
    const TextQuery text{at.selection, query.query, query.match, query.filter, limit};
    const ShardQuery measured(ports, request, at.place.shard);
    auto hits = co_await ports.entries.search_text(request, at.place, text);
    if (!hits) {
        co_return fail(std::move(hits.error()));
    }
    measured.finished(hits->size());
    PlaceAnswer answer;
    for (TextHit& hit : *hits) {
        answer.found.push_back(
            candidate(at.place, std::move(hit.namespace_name), std::move(hit.key), hit.score));
    }
    co_return answer;
}

Task<PlaceResult> search_vectors(MemoryPorts ports, const RequestContext& request,
                                 const SearchRequest& query, const PlaceSearch& at,
                                 const std::vector<float>& embedding, std::size_t limit) {
    intelligence::VectorSearchRequest wanted;
    wanted.scope = at.place.scope;
    wanted.shard = at.place.shard;
    wanted.namespaces = at.selection.names;
    wanted.access = at.selection.access;
    wanted.embedding = embedding;
    wanted.filter = query.filter;
    wanted.similarity_min = query.similarity_min;
    wanted.limit = limit;
    wanted.ef_search = query.ef_search;
    wanted.explain = query.explain;
    const ShardQuery measured(ports, request, at.place.shard);
    auto result = co_await ports.intelligence.search_vectors(request, std::move(wanted));
    if (!result) {
        co_return fail(std::move(result.error()));
    }
    measured.finished(result->hits.size());
    PlaceAnswer answer;
    for (intelligence::VectorHit& hit : result->hits) {
        answer.found.push_back(
            candidate(at.place, std::move(hit.namespace_name), std::move(hit.key), hit.similarity));
    }
    answer.plan = std::move(result->plan);
    co_return answer;
}

// The answers of all places as one ranking, together with how each was found.
Result<std::vector<Candidate>> merge(std::span<PlaceResult> answers,
                                     std::vector<VectorPlan>& plans) {
    std::vector<Candidate> all;
    for (PlaceResult& answer : answers) {
        if (!answer) {
            return fail(std::move(answer.error()));
        }
        std::move(answer->found.begin(), answer->found.end(), std::back_inserter(all));
        if (answer->plan) {
            plans.push_back(std::move(*answer->plan));
        }
    }
    std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
        return a.score != b.score ? a.score > b.score : a.id < b.id;
    });
    return all;
}

std::vector<PlaceSearch> places_of(const SearchRequest& query, const ShardRouter& router) {
    std::map<Place, NamespaceSelection> places;
    for (const Scope scope : scopes_of(query.scope)) {
        if (query.namespaces.empty()) {
            for (ShardId& shard : router.shards()) {
                places[Place{std::move(shard), scope}].access = query.access;
            }
            continue;
        }
        std::vector<std::string> names = query.namespaces;
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        for (std::string& name : names) {
            if (allows(query.access, name)) {
                const Place place{router.shard_of(name), scope};
                places[place].names.push_back(std::move(name));
            }
        }
    }
    std::vector<PlaceSearch> searches;
    for (auto& [place, selection] : places) {
        searches.push_back({place, std::move(selection)});
    }
    return searches;
}

/// What a search does, once it is known what there is to search with.
struct Plan {
    bool words = false;
    std::optional<std::vector<float>> embedding;
    std::vector<std::string> notes;
};

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Which rankings to make. A hybrid search goes on with words when the query cannot become a vector,
// and says so; a vector search fails.
Task<Result<Plan>> make_plan(MemoryPorts ports, const RequestContext& request,
                             const SearchRequest& query) {
    Plan plan;
    const bool hybrid = query.mode == SearchMode::hybrid;
    plan.words = query.mode == SearchMode::text ||
                 (hybrid && !is_blank(query.query) && query.text_weight > 0);
    const bool wants_vector =
        query.mode == SearchMode::vector || (hybrid && query.vector_weight > 0);
    if (wants_vector && query.embedding) {
        plan.embedding = query.embedding;
        co_return plan;
    }
    if (!wants_vector) {
        co_return plan;
    }
    if (plan.words && !ports.intelligence.can_embed()) {
        plan.notes.push_back("no embedder is configured: ranked by words only");
        co_return plan;
    }
    std::vector<std::string> texts{query.query};
    auto vectors = co_await ports.intelligence.embed(request, std::move(texts));
    if (vectors) {
        plan.embedding = std::move(vectors->front());
    } else if (plan.words) {
        plan.notes.push_back("ranked by words only: " + vectors.error().detail);
    } else {
        co_return fail(std::move(vectors.error()));
    }
    co_return plan;
}

// Where there are no words to find, they are not looked for; without a vector nothing is left.
Result<void> apply(SealedSearch& sealed, Plan& plan) {
    std::move(sealed.notes.begin(), sealed.notes.end(), std::back_inserter(plan.notes));
    if (!sealed.vectors_only) {
        return {};
    }
    if (!plan.embedding) {
        return fail(invalid_argument(
            "query",
            "encrypted namespaces cannot be searched by words, and there is neither an "
            "embedding nor an embedder that makes one"));
    }
    plan.words = false;
    return {};
}

/// Both rankings, each best first.
struct Rankings {
    std::vector<Candidate> words;
    std::vector<Candidate> vectors;
    std::vector<VectorPlan> plans;
};

Task<Result<Rankings>> rank(MemoryPorts ports, const RequestContext& request,
                            const SearchRequest& query, const std::vector<PlaceSearch>& places,
                            const Plan& plan) {
    // Fusion looks deeper than the answer: what is tenth in both may be first in their sum.
    const bool fused = plan.words && plan.embedding;
    const std::size_t limit =
        fused ? std::min(Limits::results_max, std::max<std::size_t>(100, 2 * query.limit))
              : query.limit;
    std::vector<Task<PlaceResult>> tasks;
    for (const PlaceSearch& at : places) {
        if (plan.words) {
            tasks.push_back(search_words(ports, request, query, at, limit));
        }
    }
    const std::size_t word_answers = tasks.size();
    for (const PlaceSearch& at : places) {
        if (plan.embedding) {
            tasks.push_back(search_vectors(ports, request, query, at, *plan.embedding, limit));
        }
    }
    std::vector<PlaceResult> answers = co_await async::when_all(std::move(tasks));
    const std::span<PlaceResult> all(answers);
    std::vector<VectorPlan> plans;
    auto words = merge(all.first(word_answers), plans);
    auto vectors = merge(all.subspan(word_answers), plans);
    if (!words || !vectors) {
        co_return fail(std::move(words ? vectors.error() : words.error()));
    }
    co_return Rankings{std::move(*words), std::move(*vectors), std::move(plans)};
}

/// An entry of the answer, before it is fetched.
struct Ranked {
    Candidate candidate;
    std::optional<double> text_score;
    std::optional<double> similarity;
};

// The best `limit` of one ranking, or of both fused.
std::vector<Ranked> choose(Rankings rankings, const SearchRequest& query, const Plan& plan) {
    std::unordered_map<std::string, Ranked> by_id;
    std::vector<intelligence::Ranking> lists(2);
    lists[0].weight = query.text_weight;
    lists[1].weight = query.vector_weight;
    for (Candidate& found : rankings.words) {
        const double score = found.score;
        lists[0].ids.push_back(found.id);
        by_id.try_emplace(lists[0].ids.back(), Ranked{std::move(found), score, std::nullopt});
    }
    for (Candidate& found : rankings.vectors) {
        const double score = found.score;
        lists[1].ids.push_back(found.id);
        const auto [at, is_new] =
            by_id.try_emplace(found.id, Ranked{found, std::nullopt, std::nullopt});
        at->second.similarity = score;
    }
    std::vector<Ranked> chosen;
    if (plan.words && plan.embedding) {
        for (const intelligence::FusedItem& item : intelligence::fuse_rankings(lists)) {
            by_id.at(item.id).candidate.score = item.score;
            chosen.push_back(std::move(by_id.at(item.id)));
        }
    } else {
        for (const std::string& id : lists[plan.words ? 0 : 1].ids) {
            chosen.push_back(std::move(by_id.at(id)));
        }
    }
    chosen.resize(std::min(chosen.size(), query.limit));
    return chosen;
}

Task<Result<std::vector<Entry>>> fetch_at(MemoryPorts ports, const RequestContext& request,
                                          const Place& place, const std::vector<EntryName>& names,
                                          bool with_embedding) {
    const ShardQuery measured(ports, request, place.shard);
    auto entries = co_await ports.entries.fetch(request, place, names, with_embedding);
    if (entries) {
        measured.finished(entries->size());
    }
    co_return entries;
}

// A vector finds nothing among vectors of other dimensions, which looks like an empty memory. Who
// names one namespace is told; over several it is usual that some hold other vectors, or none.
Task<Result<void>> check_dimensions(MemoryPorts ports, const RequestContext& request,
                                    const std::vector<PlaceSearch>& places, std::string name,
                                    std::size_t dimensions) {
    std::optional<std::int64_t> others;
    for (const PlaceSearch& at : places) {
        NamespacePageQuery exactly;  // The first of those that begin so.
        exactly.name_prefix = name;
        exactly.access.allowed = {"*"};
        exactly.limit = 1;
        const auto found = co_await ports.namespaces.list(request, at.place, exactly);
        if (!found) {
            co_return fail(found.error());
        }
        if (found->empty() || found->front().name != name || !found->front().dimensions) {
            continue;
        }
        if (*found->front().dimensions == static_cast<std::int64_t>(dimensions)) {
            co_return Result<void>();
        }
        others = found->front().dimensions;
    }
    if (!others) {
        co_return Result<void>();
    }
    co_return fail(invalid_argument(
        "embedding", "namespace \"" + name + "\" holds vectors of " + std::to_string(*others) +
                         " dimensions, not of " + std::to_string(dimensions)));
}

struct FetchedHits {
    std::vector<SearchHit> hits;
    bool whole = true;  ///< false: the last ones had no room in one answer
};

// Fetches the chosen entries from their places. One that was deleted meanwhile is left out.
Task<Result<FetchedHits>> fetch_hits(MemoryPorts ports, const RequestContext& request,
                                     std::vector<Ranked> chosen, bool with_embedding) {
    std::map<Place, std::vector<EntryName>> wanted;
    for (const Ranked& ranked : chosen) {
        wanted[ranked.candidate.place].push_back(ranked.candidate.name);
    }
    std::vector<Task<Result<std::vector<Entry>>>> tasks;
    for (const auto& [place, names] : wanted) {
        tasks.push_back(fetch_at(ports, request, place, names, with_embedding));
    }
    std::vector<Result<std::vector<Entry>>> answers = co_await async::when_all(std::move(tasks));
    std::unordered_map<std::string, Entry> entries;
    for (Result<std::vector<Entry>>& answer : answers) {
        if (!answer) {
            co_return fail(std::move(answer.error()));
        }
        for (Entry& entry : *answer) {
            std::string id =
                candidate(Place{ShardId(), entry.scope}, entry.namespace_name, entry.key, 0).id;
            entries.emplace(std::move(id), std::move(entry));
        }
    }
    FetchedHits fetched;
    for (const Ranked& ranked : chosen) {
        const auto entry = entries.find(ranked.candidate.id);
        if (entry == entries.end()) {
            continue;
        }
        if (is_without_room(entry->second)) {
            fetched.whole = false;
            break;  // So that what is given are the best, none of them skipped.
        }
        fetched.hits.push_back({std::move(entry->second), ranked.candidate.score, ranked.text_score,
                                ranked.similarity});
    }
    co_return fetched;
}

}  // namespace

Task<Result<SearchResult>> MemoryService::search(const RequestContext& request,
                                                 SearchRequest query) {
    const Result<void> valid = validate(query);
    if (!valid) {
        co_return fail(valid.error());
    }
    Result<SealedSearch> sealed =
        ports_.encryption == nullptr ? SealedSearch() : admit_search(*ports_.encryption, query);
    if (!sealed) {
        co_return fail(std::move(sealed.error()));
    }
    Result<Plan> plan = co_await make_plan(ports_, request, query);
    if (!plan) {
        co_return fail(std::move(plan.error()));
    }
    if (auto applied = apply(*sealed, *plan); !applied) {
        co_return fail(std::move(applied.error()));
    }
    ports_.events.publish(request, intelligence::VectorSearchInitiated{
                                       std::string(name_of(query.mode)), query.limit});
    const std::vector<PlaceSearch> places = places_of(query, ports_.router);
    Result<Rankings> rankings = co_await rank(ports_, request, query, places, *plan);
    if (!rankings) {
        co_return fail(std::move(rankings.error()));
    }
    if (plan->embedding && rankings->vectors.empty() && query.namespaces.size() == 1) {
        const Result<void> comparable = co_await check_dimensions(
            ports_, request, places, query.namespaces.front(), plan->embedding->size());
        if (!comparable) {
            co_return fail(comparable.error());
        }
    }
    std::vector<VectorPlan> plans = std::move(rankings->plans);
    std::vector<Ranked> chosen = choose(std::move(*rankings), query, *plan);
    Result<FetchedHits> fetched =
        co_await fetch_hits(ports_, request, std::move(chosen), query.with_embedding);
    if (!fetched) {
        co_return fail(std::move(fetched.error()));
    }
    SearchResult result;
    result.hits = std::move(fetched->hits);
    result.notes = std::move(plan->notes);
    result.plans = std::move(plans);
    if (!fetched->whole) {
        result.notes.push_back(
            "there are more hits than fit into one answer (16 MiB): these are "
            "the best of them");
    }
    std::vector<ShardId> shards;
    for (const PlaceSearch& at : places) {
        if (std::find(shards.begin(), shards.end(), at.place.shard) == shards.end()) {
            shards.push_back(at.place.shard);
        }
    }
    result.shards_searched = shards.size();
    ports_.events.publish(request, MemoryEntriesRetrieved{result.hits.size()});
    co_return result;
}

}  // namespace pgmind::memory
