#include "intelligence/app/sample_recall.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "intelligence/app/search_vectors.hpp"

namespace pgmind::intelligence {
namespace {

constexpr auto kSampleTimeout = std::chrono::seconds(10);

struct Sample {
    VectorSearchRequest query;
    std::vector<VectorHit> found;
};

Task<Result<FoundVectors>> search_exactly(VectorStore& store, const VectorSearchRequest& query) {
    const Deadline deadline = Deadline::after(kSampleTimeout);
    std::vector<std::string> names = query.namespaces;
    if (names.size() != 1) {
        const std::size_t limit = VectorSearchLimits::namespaces_per_statement_max;
        auto found = co_await store.namespaces(query, limit + 1, deadline);
        if (!found) {
            co_return fail(std::move(found.error()));
        }
        names = std::move(*found);
        if (names.empty() || names.size() > limit) {
            co_return fail(BaseErrc::cancelled, "too much to compare");
        }
    }
    VectorStatement statement{query, names, VectorMethod::exact};
    statement.apart = true;
    auto exact = co_await store.search(statement, deadline);
    co_return exact;
}

// A repetition that fails or takes too long says nothing of the index, so it is left out.
Task<void> repeat(VectorStore& store, std::shared_ptr<const RecallSampling> sampling,
                  std::shared_ptr<bool> busy, std::unique_ptr<Sample> sample) {
    const auto exact = co_await search_exactly(store, sample->query);
    if (exact) {
        sampling->observe(sample->query.shard, recall_of(sample->found, exact->hits));
    }
    *busy = false;
}

}  // namespace

double recall_of(const std::vector<VectorHit>& found, const std::vector<VectorHit>& exact) {
    if (exact.empty()) {
        return 1;
    }
    std::set<std::pair<std::string, std::string>> wanted;
    for (const VectorHit& hit : exact) {
        wanted.emplace(hit.namespace_name, hit.key);
    }
    const double last = exact.back().similarity;
    const auto common = std::count_if(found.begin(), found.end(), [&](const VectorHit& hit) {
        return hit.similarity >= last || wanted.contains({hit.namespace_name, hit.key});
    });
    return std::min(1.0, static_cast<double>(common) / static_cast<double>(exact.size()));
}

RecallSampler::RecallSampler(VectorStore& store, RecallSampling sampling)
    : store_(store), sampling_(std::make_shared<const RecallSampling>(std::move(sampling))) {}

void RecallSampler::consider(Executor executor, const VectorSearchRequest& query,
                             const std::vector<VectorHit>& found) {
    due_ = std::min(1.0, due_ + sampling_->rate);
    if (due_ < 1 || *busy_) {
        return;
    }
    due_ = 0;
    *busy_ = true;
    auto sample = std::make_unique<Sample>(Sample{query, found});
    async::spawn(executor, repeat(store_, sampling_, busy_, std::move(sample)));
}

}  // namespace pgmind::intelligence
