#include "intelligence/app/intelligence_service.hpp"

#include <algorithm>
#include <cmath>

#include "intelligence/app/embed_texts.hpp"
#include "intelligence/app/search_vectors.hpp"

namespace pgmind::intelligence {
namespace {

Result<void> check(const VectorSearchRequest& query) {
    if (query.scope == memory::Scope::both) {
        return fail(invalid_argument("scope", "must be \"project\" or \"shared\""));
    }
    if (query.limit < 1 || query.limit > memory::Limits::results_max) {
        return fail(invalid_argument(
            "limit", "must be 1 to " + std::to_string(memory::Limits::results_max)));
    }
    if (query.ef_search &&
        (*query.ef_search < 1 ||
         *query.ef_search > static_cast<std::int64_t>(memory::Limits::ef_search_max))) {
        return fail(invalid_argument(
            "ef_search", "must be 1 to " + std::to_string(memory::Limits::ef_search_max)));
    }
    const bool finite = std::all_of(query.embedding.begin(), query.embedding.end(),
                                    [](float value) { return std::isfinite(value); });
    if (query.embedding.empty() || query.embedding.size() > memory::Limits::dimensions_max ||
        !finite) {
        return fail(invalid_argument(
            "embedding", "must have 1 to " + std::to_string(memory::Limits::dimensions_max) +
                             " dimensions, all finite numbers"));
    }
    return {};
}

}  // namespace

Task<Result<VectorSearchResult>> IntelligenceService::search_vectors(const RequestContext& request,
                                                                     VectorSearchRequest query) {
    const Result<void> valid = check(query);
    if (!valid) {
        co_return fail(valid.error());
    }
    auto result = co_await intelligence::search_vectors(vectors_, query, exact_only_,
                                                        system_clock(), request.deadline);
    if (result && result->by_index) {
        const Executor executor = co_await async::this_executor();
        sampler_.consider(executor, query, result->hits);
    }
    co_return result;
}

std::vector<VectorIndexStatus> IntelligenceService::vector_indexes() const {
    return indexes_ == nullptr ? std::vector<VectorIndexStatus>() : indexes_->all();
}

Task<Result<std::vector<std::vector<float>>>> IntelligenceService::embed(
    const RequestContext& request, std::vector<std::string> texts) {
    auto vectors = co_await embed_texts(embedder_, std::move(texts), request.deadline);
    co_return vectors;
}

}  // namespace pgmind::intelligence
