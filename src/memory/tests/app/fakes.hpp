#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/notifier.hpp"
#include "cluster/api/shard_map.hpp"
#include "memory/app/memory_service.hpp"
#include "memory/domain/errors.hpp"

namespace pgmind::memory::testing {

/// What a test can do to every fake: make the next calls at a place fail, and hold all calls until
/// they are let go.
class Steering {
  public:
    explicit Steering(Executor executor) : released_(executor) {}

    void fail_at(const Place& place, Error error) { failures_.insert_or_assign(place, error); }
    void cork() { corked_ = true; }
    void uncork() {
        corked_ = false;
        released_.notify_all();
    }
    std::size_t waiting() const { return waiting_; }

    Task<Result<void>> pass(Place place) {
        ++waiting_;
        while (corked_) {
            co_await released_.wait();
        }
        --waiting_;
        const auto failure = failures_.find(place);
        co_return failure == failures_.end() ? Result<void>() : fail(failure->second);
    }

  private:
    async::Notifier released_;
    bool corked_ = false;
    std::size_t waiting_ = 0;
    std::map<Place, Error> failures_;
};

/// Namespaces "1..." live on shard-1, others on shard-2.
class FakeRouter final : public ShardRouter {
  public:
    ShardId shard_of(std::string_view name) const override {
        return ShardId(name.starts_with('1') ? "shard-1" : "shard-2");
    }
    std::size_t slot_of(std::string_view name) const override { return name.size(); }
    std::vector<ShardId> shards() const override {
        return {ShardId("shard-1"), ShardId("shard-2")};
    }
};

/// Entries in a map. Text search finds what holds the query as a part of its text; its score is the
/// entry's version.
class FakeEntries final : public EntryStorage {
  public:
    using Name = std::tuple<Place, std::string, std::string>;

    explicit FakeEntries(Executor executor) : steering(executor) {}

    void put(const Place& place, Entry entry) {
        entry.scope = place.scope;
        entry.value_json = "1";
        const Name name{place, entry.namespace_name, entry.key};
        entries.insert_or_assign(name, std::move(entry));
    }

    Task<Result<StoredEntry>> store(const RequestContext&, const Place& place,
                                    const StoreRequest& wanted,
                                    const std::string& entry_id) override {
        const Result<void> passed = co_await steering.pass(place);
        if (!passed) {
            co_return fail(passed.error());
        }
        StoredEntry stored;
        stored.result.entry.entry_id = entry_id;
        stored.result.entry.namespace_name = wanted.namespace_name;
        stored.result.entry.key = wanted.key;
        stored.result.created = true;
        stored.result.replayed = replay;
        stored.namespace_created = true;
        put(place, stored.result.entry);
        co_return stored;
    }

    /// From now on lists and fetches give this entry without its value.
    void take_room_from(const Place& place, const std::string& name, const std::string& key) {
        entries.at({place, name, key}).value_json.clear();
    }

    Task<Result<std::optional<Entry>>> find(const RequestContext&, const Place& place,
                                            const EntryAddress& address, bool) override {
        const Result<void> passed = co_await steering.pass(place);
        if (!passed) {
            co_return fail(passed.error());
        }
        const auto found = entries.find({place, address.namespace_name, address.key});
        co_return found == entries.end() ? std::nullopt : std::optional(found->second);
    }

    Task<Result<void>> remove(const RequestContext&, const Place& place,
                              const DeleteRequest& target) override {
        const std::size_t gone =
            entries.erase({place, target.address.namespace_name, target.address.key});
        co_return gone == 1 ? Result<void>() : fail(Errc::entry_not_found, "not there");
    }

    Task<Result<std::vector<Entry>>> list(const RequestContext&, const Place& place,
                                          const EntryPageQuery& query) override {
        const Result<void> passed = co_await steering.pass(place);
        if (!passed) {
            co_return fail(passed.error());
        }
        std::vector<Entry> found;
        for (const auto& [name, entry] : entries) {
            const bool after = !query.after || entry.key > query.after->name ||
                               (query.after_included && entry.key == query.after->name);
            if (std::get<0>(name) == place && entry.namespace_name == query.namespace_name &&
                after && found.size() < query.limit) {
                found.push_back(entry);
            }
        }
        co_return found;
    }

    Task<Result<std::vector<Entry>>> fetch(const RequestContext&, const Place& place,
                                           const std::vector<EntryName>& names, bool) override {
        std::vector<Entry> found;
        for (const EntryName& name : names) {
            const auto at = entries.find({place, name.namespace_name, name.key});
            if (at != entries.end()) {
                found.push_back(at->second);
            }
        }
        std::reverse(found.begin(), found.end());
        co_return found;
    }

    Task<Result<std::vector<TextHit>>> search_text(const RequestContext&, const Place& place,
                                                   const TextQuery& query) override {
        const Result<void> passed = co_await steering.pass(place);
        if (!passed) {
            co_return fail(passed.error());
        }
        queries.push_back({place, query});
        std::vector<TextHit> hits;
        for (const auto& [name, entry] : entries) {
            if (std::get<0>(name) == place && entry.text.find(query.query) != std::string::npos) {
                hits.push_back(
                    {entry.namespace_name, entry.key, static_cast<double>(entry.version)});
            }
        }
        std::stable_sort(hits.begin(), hits.end(),
                         [](const TextHit& a, const TextHit& b) { return a.score > b.score; });
        hits.resize(std::min(hits.size(), query.limit));
        co_return hits;
    }

    Steering steering;
    bool replay = false;
    std::map<Name, Entry> entries;
    std::vector<std::pair<Place, TextQuery>> queries;
};

class FakeNamespaces final : public NamespaceStorage {
  public:
    Task<Result<CreatedNamespace>> create(const RequestContext&, const Place& place,
                                          const NamespaceRequest& wanted) override {
        const bool created = names[place].try_emplace(wanted.name, 0).second;
        CreatedNamespace made;
        made.details.name = wanted.name;
        made.created = created;
        co_return made;
    }
    Task<Result<std::optional<NamespaceStatistics>>> statistics(const RequestContext&,
                                                                const Place& place,
                                                                const std::string& name) override {
        if (!names[place].contains(name)) {
            co_return std::optional<NamespaceStatistics>();
        }
        NamespaceStatistics statistics;
        statistics.details.name = name;
        statistics.details.scope = place.scope;
        statistics.entries = names[place][name];
        co_return std::optional(statistics);
    }
    Task<Result<std::vector<Namespace>>> list(const RequestContext&, const Place& place,
                                              const NamespacePageQuery& query) override {
        std::vector<Namespace> found;
        for (const auto& [name, entries] : names[place]) {
            const bool after = !query.after || name > query.after->name ||
                               (query.after_included && name == query.after->name);
            if (after && found.size() < query.limit) {
                found.emplace_back();
                found.back().name = name;
                found.back().scope = place.scope;
                found.back().dimensions = dimensions;
            }
        }
        co_return found;
    }
    Task<Result<std::int64_t>> remove_entries(const RequestContext&, const Place& place,
                                              const std::string& name, std::size_t limit) override {
        std::int64_t& left = names[place][name];
        const std::int64_t gone = std::min(left, static_cast<std::int64_t>(limit));
        left -= gone;
        ++removals;
        co_return gone;
    }
    Task<Result<std::optional<std::int64_t>>> remove_rest(const RequestContext&, const Place& place,
                                                          const std::string& name) override {
        const std::int64_t rest = names[place][name];
        names[place].erase(name);
        co_return known ? std::optional(rest) : std::nullopt;
    }

    std::map<Place, std::map<std::string, std::int64_t>> names;  ///< with the number of entries
    std::optional<std::int64_t> dimensions;                      ///< of each in a list
    std::size_t removals = 0;
    bool known = true;
};

class FakeBulk final : public BulkStorage {
  public:
    explicit FakeBulk(Executor executor) : steering(executor) {}

    Task<Result<ImportedBatch>> write(const RequestContext&, const Place& place,
                                      const std::vector<StoreRequest>& entries) override {
        const Result<void> passed = co_await steering.pass(place);
        if (!passed) {
            co_return fail(passed.error());
        }
        written.push_back({place, entries});
        co_return ImportedBatch{static_cast<std::int64_t>(entries.size()), {}};
    }
    Task<Result<std::int64_t>> read(const RequestContext&, const Place& place,
                                    const NamespaceSelection& selection,
                                    const EntrySink& sink) override {
        reads.push_back({place, selection});
        if (nothing_to_read) {
            co_return 0;
        }
        const std::vector<Entry> one(1);
        const Result<void> taken = co_await sink(one);
        co_return taken ? Result<std::int64_t>(1) : fail(taken.error());
    }
    Task<Result<std::int64_t>> remove_expired(const RequestContext&, const Place& place,
                                              std::size_t limit) override {
        const Result<void> passed = co_await steering.pass(place);
        if (!passed) {
            co_return fail(passed.error());
        }
        const std::int64_t gone = std::min(expired[place], static_cast<std::int64_t>(limit));
        expired[place] -= gone;
        co_return gone;
    }

    Steering steering;
    std::vector<std::pair<Place, std::vector<StoreRequest>>> written;
    std::vector<std::pair<Place, NamespaceSelection>> reads;
    bool nothing_to_read = false;
    std::map<Place, std::int64_t> expired;
};

/// Vector hits as the test lays them out.
class FakeIntelligence final : public intelligence::Intelligence {
  public:
    Task<Result<intelligence::VectorSearchResult>> search_vectors(
        const RequestContext&, intelligence::VectorSearchRequest query) override {
        queries.push_back(query);
        auto found = hits[Place{query.shard, query.scope}];
        found.resize(std::min(found.size(), query.limit));
        intelligence::VectorSearchResult result{std::move(found), false, std::nullopt};
        if (query.explain) {
            result.plan.emplace();
            result.plan->shard = query.shard.value();
        }
        co_return result;
    }
    std::vector<intelligence::VectorIndexStatus> vector_indexes() const override { return indexes; }
    bool can_embed() const override { return embedder; }
    Task<Result<std::vector<std::vector<float>>>> embed(const RequestContext&,
                                                        std::vector<std::string> texts) override {
        embedded = texts;
        if (embed_failure) {
            co_return fail(*embed_failure);
        }
        co_return std::vector<std::vector<float>>(texts.size(), {1, 0});
    }

    std::map<Place, std::vector<intelligence::VectorHit>> hits;
    std::vector<intelligence::VectorSearchRequest> queries;
    std::vector<std::string> embedded;
    std::vector<intelligence::VectorIndexStatus> indexes;
    bool embedder = false;
    std::optional<Error> embed_failure;
};

/// The service on fakes, and the names of the events it published.
class ServiceFixture : public ::testing::Test {
  protected:
    ServiceFixture() {
        request_.request_id = new_request_id();
        bus_.subscribe("test", 10'000,
                       [this](const DomainEvent& event) { published_.emplace_back(event.name); });
    }

    template <class T>
    T run(Task<T> task) {
        return async::run_blocking_loop(loop_, std::move(task));
    }
    /// The names of the events so far, in order.
    const std::vector<std::string>& events() {
        bus_.drain();
        return published_;
    }
    static Entry entry(std::string name, std::string key, std::string text, std::int64_t version) {
        Entry made;
        made.namespace_name = std::move(name);
        made.key = std::move(key);
        made.text = std::move(text);
        made.version = version;
        return made;
    }
    static Place at(const std::string& shard, Scope scope) { return Place{ShardId(shard), scope}; }

    boost::asio::io_context loop_{1};
    std::vector<std::string> published_;
    async::EventBus bus_;
    FakeRouter router_;
    FakeEntries entries_{loop_.get_executor()};
    FakeNamespaces namespaces_;
    FakeBulk bulk_{loop_.get_executor()};
    FakeIntelligence intelligence_;
    RequestContext request_;
    MemoryService memory_{
        MemoryPorts{entries_, namespaces_, bulk_, router_, intelligence_, bus_, system_clock()}};
};

}  // namespace pgmind::memory::testing
