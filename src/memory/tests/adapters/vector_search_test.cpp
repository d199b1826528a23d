#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

/// Vector search on real PostgreSQL with its index, against distances computed here.
class VectorSearchTest : public MemoryFixture {
  protected:
    using Vectors = std::vector<std::vector<float>>;

    Vectors random_vectors(std::size_t count, std::size_t dimensions) {
        std::normal_distribution<float> number;
        Vectors vectors(count, std::vector<float>(dimensions));
        for (std::vector<float>& vector : vectors) {
            std::generate(vector.begin(), vector.end(), [&] { return number(random_); });
        }
        return vectors;
    }

    /// Stores vectors under their numbers, with metadata to filter by.
    void fill(const std::string& name, const Vectors& vectors) {
        std::string rows;
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            rows += (i == 0 ? "('" : ",('") + name + "','" + std::to_string(i) +
                    "',gen_random_uuid(),'{}','{\"half\": " + std::to_string(i % 2) +
                    ", \"rare\": " + (i % 500 == 3 ? "true" : "false") + "}','[";
            for (std::size_t at = 0; at < vectors[i].size(); ++at) {
                rows += (at == 0 ? "" : ",") + std::to_string(vectors[i][at]);
            }
            rows += "]','')";
        }
        ask(name, "INSERT INTO pgmind.namespaces (namespace, dimensions) VALUES ('" + name + "', " +
                      std::to_string(vectors[0].size()) +
                      ");"
                      "INSERT INTO pgmind.memory_entries (namespace, key, entry_id, value, "
                      "metadata, embedding, tsv) VALUES " +
                      rows + "; ANALYZE pgmind.memory_entries");
        request_.deadline = Deadline::after(std::chrono::seconds(30));
    }

    static std::string ask(const std::string& name, const std::string& sql) {
        return test_cluster().ask(name, sql);
    }

    template <class Wanted>
    static std::set<std::string> nearest(const Vectors& vectors, const std::vector<float>& query,
                                         std::size_t limit, Wanted wanted) {
        std::vector<std::pair<double, std::size_t>> ranked;
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            if (!wanted(i)) {
                continue;
            }
            double dot = 0;
            double length = 0;
            for (std::size_t at = 0; at < query.size(); ++at) {
                dot += static_cast<double>(query[at]) * vectors[i][at];
                length += static_cast<double>(vectors[i][at]) * vectors[i][at];
            }
            ranked.emplace_back(-dot / std::sqrt(length), i);
        }
        std::sort(ranked.begin(), ranked.end());
        std::set<std::string> keys;
        for (std::size_t i = 0; i < std::min(limit, ranked.size()); ++i) {
            keys.insert(std::to_string(ranked[i].second));
        }
        return keys;
    }

    static SearchRequest near(const std::string& name, std::vector<float> embedding) {
        SearchRequest query;
        query.namespaces = {name};
        query.access.allowed = {"*"};
        query.mode = SearchMode::vector;
        query.embedding = std::move(embedding);
        query.explain = true;
        return query;
    }

    static double overlap(const SearchResult& found, const std::set<std::string>& expected) {
        double common = 0;
        for (const SearchHit& hit : found.hits) {
            common += static_cast<double>(expected.count(hit.entry.key));
        }
        return common / static_cast<double>(expected.size());
    }

    static Filter equals(const std::string& field, FilterValue value) {
        Filter filter;
        filter.operation = FilterOperator::equal;
        filter.path = {field};
        filter.values = {std::move(value)};
        return filter;
    }

    std::mt19937 random_{7};
};

TEST_F(VectorSearchTest, the_index_answers_as_an_exact_search_would) {
    const std::string name = fresh_namespace();
    const Vectors vectors = random_vectors(1500, 24);
    fill(name, vectors);
    double recall = 0;
    const Vectors queries = random_vectors(20, 24);
    for (const std::vector<float>& query : queries) {
        const auto found = search(near(name, query));
        ASSERT_TRUE(found) << found.error().detail;
        ASSERT_EQ(found->hits.size(), 10U);
        ASSERT_EQ(found->plans.size(), 1U);
        EXPECT_TRUE(found->plans[0].index) << found->plans[0].reason;
        EXPECT_EQ(found->plans[0].ef_search, 100U);
        EXPECT_FALSE(found->plans[0].selectivity);
        recall += overlap(*found, nearest(vectors, query, 10, [](std::size_t) { return true; }));
    }
    EXPECT_GE(recall / 20, 0.95);
}

TEST_F(VectorSearchTest, ef_search_of_the_request_counts_for_it_alone) {
    const std::string name = fresh_namespace();
    const Vectors vectors = random_vectors(1500, 24);
    fill(name, vectors);
    const Vectors queries = random_vectors(20, 24);
    std::map<std::int64_t, double> recall;
    for (const std::int64_t ef_search : {1, 1000, 1}) {
        recall[ef_search] = 0;
        for (const std::vector<float>& query : queries) {
            SearchRequest wanted = near(name, query);
            wanted.ef_search = ef_search;
            const auto found = search(std::move(wanted));
            ASSERT_TRUE(found) << found.error().detail;
            ASSERT_EQ(found->hits.size(), 10U);
            EXPECT_EQ(found->plans[0].ef_search, static_cast<std::size_t>(ef_search));
            recall[ef_search] +=
                overlap(*found, nearest(vectors, query, 10, [](std::size_t) { return true; })) / 20;
        }
    }
    EXPECT_GE(recall[1000], 0.99);
    EXPECT_LT(recall[1], recall[1000]);
}

TEST_F(VectorSearchTest, a_filter_gets_the_right_rows_and_count_by_either_plan) {
    const std::string name = fresh_namespace();
    const Vectors vectors = random_vectors(3000, 8);
    fill(name, vectors);
    const std::vector<float> query = random_vectors(1, 8)[0];

    SearchRequest few = near(name, query);
    few.filter = equals("rare", true);
    few.limit = 30;
    const auto exact = search(few);
    ASSERT_TRUE(exact) << exact.error().detail;
    EXPECT_EQ(exact->hits.size(), 6U);
    EXPECT_FALSE(exact->plans[0].index);
    EXPECT_EQ(exact->plans[0].reason, "the filter leaves 6 entries");
    ASSERT_TRUE(exact->plans[0].selectivity);
    EXPECT_LT(*exact->plans[0].selectivity, 0.1);

    SearchRequest many = near(name, query);
    many.filter = equals("half", std::int64_t{1});
    many.limit = 30;
    const auto filtered = search(many);
    ASSERT_TRUE(filtered) << filtered.error().detail;
    ASSERT_EQ(filtered->hits.size(), 30U);
    EXPECT_TRUE(filtered->plans[0].index) << filtered->plans[0].reason;
    EXPECT_GT(filtered->plans[0].rows_visited, 40);
    EXPECT_GE(
        overlap(*filtered, nearest(vectors, query, 30, [](std::size_t i) { return i % 2 == 1; })),
        0.95);
}

TEST_F(VectorSearchTest, expired_entries_never_appear_and_leave_no_gap) {
    const std::string name = fresh_namespace();
    const Vectors vectors = random_vectors(1000, 8);
    fill(name, vectors);
    ask(name,
        "UPDATE pgmind.memory_entries SET expires_at = now() - interval '1 second' "
        "WHERE namespace = '" +
            name + "' AND key::integer % 100 <> 5");
    const std::vector<float> query = random_vectors(1, 8)[0];
    SearchRequest wanted = near(name, query);
    wanted.limit = 50;
    const auto found = search(std::move(wanted));
    ASSERT_TRUE(found) << found.error().detail;
    std::set<std::string> keys;
    for (const SearchHit& hit : found->hits) {
        keys.insert(hit.entry.key);
    }
    EXPECT_EQ(keys, (std::set<std::string>{"5", "105", "205", "305", "405", "505", "605", "705",
                                           "805", "905"}));
}

TEST_F(VectorSearchTest, namespaces_of_different_dimensions_share_the_index) {
    const std::string family = fresh_namespace();
    std::map<std::string, Vectors> stored;
    for (int i = 0; i < 6; ++i) {
        const std::string name = family + "/" + std::to_string(i);
        stored[name] = random_vectors(300, i % 2 == 0 ? 8 : 5);
        fill(name, stored[name]);
    }
    SearchRequest query = near(family, random_vectors(1, 5)[0]);
    query.namespaces.clear();
    query.access.allowed = {family + "/*"};
    query.limit = 40;
    const auto found = search(query);
    ASSERT_TRUE(found) << found.error().detail;
    ASSERT_EQ(found->hits.size(), 40U);
    std::set<std::string> names;
    for (const SearchHit& hit : found->hits) {
        names.insert(hit.entry.namespace_name);
    }
    EXPECT_EQ(names, (std::set<std::string>{family + "/1", family + "/3", family + "/5"}));
    std::size_t searched = 0;
    for (const VectorPlan& plan : found->plans) {
        searched += plan.namespaces;
    }
    EXPECT_EQ(searched, 3U);

    query.similarity_min = found->hits[10].similarity;
    EXPECT_EQ(search(query)->hits.size(), 11U);

    SearchRequest misfit = near(family + "/0", random_vectors(1, 5)[0]);
    const auto refused = search(misfit);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "embedding");
}

}  // namespace
}  // namespace pgmind::memory::testing
