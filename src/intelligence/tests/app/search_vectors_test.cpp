#include "intelligence/app/search_vectors.hpp"

#include <map>

#include <gtest/gtest.h>

#include "async/task.hpp"

namespace pgmind::intelligence {
namespace {

/// A store whose answers the test lays out: rows that the index gives, rows there are, rows that
/// the filter leaves.
class FakeStore final : public VectorStore {
  public:
    VectorIndexLimits index_limits(const VectorSearchRequest&) const override { return limits; }
    Task<Result<FoundVectors>> search(VectorStatement statement, Deadline) override {
        asked.push_back(statement.method);
        ef_search = statement.ef_search;
        if (statement.method == VectorMethod::index && index_refuses) {
            co_return fail(invalid_argument("embedding", "expected 3 dimensions, not 2"));
        }
        FoundVectors found;
        std::size_t rows = rows_there;
        if (statement.method == VectorMethod::index) {
            rows = rows_of_index;
        } else if (statement.method == VectorMethod::matching) {
            found.matching = std::min(rows_there, statement.few_rows_max + 1);
            rows = found.matching > statement.few_rows_max ? 0 : rows_there;
        }
        rows = std::min(rows, statement.query.limit);
        for (std::size_t i = 0; i < rows; ++i) {
            found.hits.push_back({statement.namespaces.front(), std::to_string(i),
                                  1 - 0.001 * static_cast<double>(i)});
        }
        found.rows = rows;
        co_return found;
    }
    Task<Result<std::vector<std::string>>> namespaces(const VectorSearchRequest&, std::size_t,
                                                      Deadline) override {
        co_return names;
    }
    Task<Result<VectorStatementReport>> explain(VectorStatement statement, Deadline) override {
        co_return VectorStatementReport{statement.method == VectorMethod::index, 17};
    }
    Task<Result<double>> selectivity(VectorStatement, Deadline) override { co_return 0.25; }

    std::size_t rows_of_index = 10'000;
    std::size_t rows_there = 10'000;
    bool index_refuses = false;
    VectorIndexLimits limits;
    std::vector<std::string> names{"a", "b"};
    std::vector<VectorMethod> asked;
    std::size_t ef_search = 0;
};

using Methods = std::vector<VectorMethod>;

class SearchVectorsTest : public ::testing::Test {
  protected:
    SearchVectorsTest() {
        query_.namespaces = {"a"};
        query_.embedding = {1, 2};
        query_.limit = 5;
    }
    Result<VectorSearchResult> search() {
        boost::asio::io_context loop{1};
        return async::run_blocking_loop(loop,
                                        search_vectors(store_, query_, exact_only_, system_clock(),
                                                       Deadline::after(std::chrono::seconds(5))));
    }

    FakeStore store_;
    VectorSearchRequest query_;
    bool exact_only_ = false;
};

TEST_F(SearchVectorsTest, asks_the_index_with_candidates_that_suit_the_limit) {
    ASSERT_EQ(search()->hits.size(), 5U);
    EXPECT_EQ(store_.asked, Methods{VectorMethod::index});
    EXPECT_EQ(store_.ef_search, 100U);
    query_.limit = 700;
    ASSERT_TRUE(search());
    EXPECT_EQ(store_.ef_search, 700U);
    query_.ef_search = 7;
    ASSERT_TRUE(search());
    EXPECT_EQ(store_.ef_search, 7U);
}

TEST_F(SearchVectorsTest, compares_all_when_the_index_gives_fewer_than_wanted) {
    store_.rows_of_index = 3;
    store_.rows_there = 4;
    EXPECT_EQ(search()->hits.size(), 4U);
    EXPECT_EQ(store_.asked, (Methods{VectorMethod::index, VectorMethod::exact}));
}

TEST_F(SearchVectorsTest, compares_all_when_the_index_holds_other_dimensions) {
    store_.index_refuses = true;
    EXPECT_EQ(search()->hits.size(), 5U);
    EXPECT_EQ(store_.asked, (Methods{VectorMethod::index, VectorMethod::exact}));
}

TEST_F(SearchVectorsTest, compares_the_few_entries_that_a_filter_leaves) {
    query_.filter = memory::Filter{};
    query_.explain = true;
    store_.rows_there = 1000;
    const auto few = search();
    EXPECT_EQ(few->hits.size(), 5U);
    EXPECT_FALSE(few->plan->index);
    EXPECT_EQ(few->plan->reason, "the filter leaves 1000 entries");
    EXPECT_EQ(few->plan->selectivity, 0.25);
    store_.rows_there = 1001;
    const auto many = search();
    EXPECT_EQ(many->hits.size(), 5U);
    EXPECT_TRUE(many->plan->index);
    EXPECT_EQ(many->plan->ef_search, 100U);
    EXPECT_EQ(many->plan->rows_visited, 17);
    EXPECT_EQ(store_.asked,
              (Methods{VectorMethod::matching, VectorMethod::matching, VectorMethod::index}));
}

TEST_F(SearchVectorsTest, counts_first_where_the_index_finds_others_entries_too) {
    store_.limits.filters_late = true;
    query_.explain = true;
    store_.rows_there = 1000;
    EXPECT_EQ(search()->plan->reason, "there are 1000 entries");
    store_.rows_there = 1001;
    EXPECT_EQ(search()->plan->reason, "no filter, more than 1000 entries");
    EXPECT_EQ(store_.asked,
              (Methods{VectorMethod::matching, VectorMethod::matching, VectorMethod::index}));
}

TEST_F(SearchVectorsTest, compares_all_where_the_index_takes_no_such_dimensions) {
    store_.limits.dimensions_max = 1;
    query_.explain = true;
    EXPECT_EQ(search()->plan->reason, "vectors of more than 1 dimensions have no index here");
    EXPECT_EQ(store_.asked, Methods{VectorMethod::exact});
}

TEST_F(SearchVectorsTest, a_zero_vector_does_not_go_to_the_index) {
    query_.embedding = {0, 0};
    ASSERT_TRUE(search());
    EXPECT_EQ(store_.asked, Methods{VectorMethod::exact});
}

TEST_F(SearchVectorsTest, the_settings_can_forbid_the_index) {
    exact_only_ = true;
    query_.explain = true;
    const auto found = search();
    EXPECT_EQ(found->hits.size(), 5U);
    EXPECT_FALSE(found->by_index);
    EXPECT_EQ(found->plan->reason, "the settings say so");
    EXPECT_EQ(store_.asked, Methods{VectorMethod::exact});
}

TEST_F(SearchVectorsTest, asks_many_namespaces_in_turn_and_merges) {
    query_.namespaces.clear();
    store_.names.clear();
    for (int i = 0; i < 2500; ++i) {
        store_.names.push_back("n" + std::to_string(10'000 + i));
    }
    const auto found = search();
    ASSERT_TRUE(found);
    EXPECT_EQ(store_.asked.size(), 3U);
    ASSERT_EQ(found->hits.size(), 5U);
    EXPECT_EQ(found->hits[0].namespace_name, "n10000");
    EXPECT_EQ(found->hits[1].namespace_name, "n11000");
    EXPECT_EQ(found->hits[2].namespace_name, "n12000");
    EXPECT_EQ(found->hits[3].key, "1");
}

TEST_F(SearchVectorsTest, finds_nothing_where_no_namespace_has_such_dimensions) {
    query_.namespaces.clear();
    query_.explain = true;
    store_.names.clear();
    const auto found = search();
    EXPECT_TRUE(found->hits.empty());
    EXPECT_EQ(found->plan->namespaces, 0U);
    EXPECT_TRUE(store_.asked.empty());
}

}  // namespace
}  // namespace pgmind::intelligence
