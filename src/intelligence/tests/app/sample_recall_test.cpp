#include "intelligence/app/sample_recall.hpp"

#include <gtest/gtest.h>

namespace pgmind::intelligence {
namespace {

VectorHit hit(std::string key, double similarity) {
    return {"notes", std::move(key), similarity};
}

TEST(SampleRecallTest, recall_is_the_share_of_the_exact_answer) {
    const std::vector<VectorHit> exact{hit("a", 0.9), hit("b", 0.8), hit("c", 0.7), hit("d", 0.6)};
    EXPECT_EQ(recall_of(exact, exact), 1);
    EXPECT_EQ(recall_of({hit("a", 0.9), hit("c", 0.7), hit("x", 0.5)}, exact), 0.5);
    EXPECT_EQ(recall_of({}, exact), 0);
    EXPECT_EQ(recall_of({}, {}), 1);
}

TEST(SampleRecallTest, either_of_two_that_are_equally_near_will_do) {
    EXPECT_EQ(recall_of({hit("a", 0.9), hit("z", 0.6)}, {hit("a", 0.9), hit("d", 0.6)}), 1);
}

/// Finds the same two entries every time.
class SteadyStore final : public VectorStore {
  public:
    VectorIndexLimits index_limits(const VectorSearchRequest&) const override { return {}; }
    Task<Result<FoundVectors>> search(VectorStatement statement, Deadline) override {
        EXPECT_EQ(statement.method, VectorMethod::exact);
        EXPECT_TRUE(statement.apart);
        ++searches;
        FoundVectors found;
        found.hits = {hit("a", 0.9), hit("b", 0.8)};
        co_return found;
    }
    Task<Result<std::vector<std::string>>> namespaces(const VectorSearchRequest&, std::size_t,
                                                      Deadline) override {
        co_return std::vector<std::string>{"notes"};
    }
    Task<Result<VectorStatementReport>> explain(VectorStatement, Deadline) override {
        co_return VectorStatementReport{};
    }
    Task<Result<double>> selectivity(VectorStatement, Deadline) override { co_return 1.0; }

    int searches = 0;
};

TEST(SampleRecallTest, repeats_one_search_at_a_time_and_tells_its_recall) {
    boost::asio::io_context loop{1};
    SteadyStore store;
    std::vector<double> seen;
    RecallSampler sampler(store,
                          {1, [&seen](const ShardId&, double recall) { seen.push_back(recall); }});
    VectorSearchRequest query;
    query.embedding = {1, 0};
    sampler.consider(loop.get_executor(), query, {hit("a", 0.9)});
    sampler.consider(loop.get_executor(), query, {hit("a", 0.9)});
    loop.run();
    EXPECT_EQ(store.searches, 1);
    EXPECT_EQ(seen, std::vector<double>{0.5});
    loop.restart();
    query.namespaces = {"notes"};
    sampler.consider(loop.get_executor(), query, {hit("a", 0.9), hit("b", 0.8)});
    loop.run();
    EXPECT_EQ(seen, (std::vector<double>{0.5, 1}));
}

TEST(SampleRecallTest, a_rate_of_zero_repeats_nothing) {
    boost::asio::io_context loop{1};
    SteadyStore store;
    RecallSampler sampler(store, {});
    sampler.consider(loop.get_executor(), VectorSearchRequest{}, {});
    loop.run();
    EXPECT_EQ(store.searches, 0);
}

}  // namespace
}  // namespace pgmind::intelligence
