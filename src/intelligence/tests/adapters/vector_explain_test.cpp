#include "intelligence/adapters/vector_explain.hpp"

#include <gtest/gtest.h>

namespace pgmind::intelligence {
namespace {

TEST(VectorExplainTest, counts_the_rows_of_scans_that_ran) {
    const auto report = read_explained_search(R"([{"Plan": {"Node Type": "Limit", "Plans": [
        {"Node Type": "Index Scan", "Relation Name": "memory_entries",
         "Index Name": "memory_entries_vectors", "Actual Rows": 10, "Actual Loops": 1,
         "Rows Removed by Filter": 32}]}}])");
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->index);
    EXPECT_EQ(report->rows_visited, 42);
}

TEST(VectorExplainTest, another_plan_is_no_index_search) {
    const auto report = read_explained_search(R"([{"Plan": {"Node Type": "Sort", "Plans": [
        {"Node Type": "Bitmap Heap Scan", "Relation Name": "memory_entries",
         "Actual Rows": 3, "Actual Loops": 1, "Plans": [{"Node Type": "Bitmap Index Scan",
         "Index Name": "memory_entries_words", "Actual Rows": 3, "Actual Loops": 1}]}]}}])");
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->index);
    EXPECT_EQ(report->rows_visited, 3);
}

TEST(VectorExplainTest, reads_what_a_count_expects) {
    const auto count = read_explained_count(
        R"([{"Plan": {"Node Type": "Aggregate", "Plans": [{"Plan Rows": 250}]}}])");
    ASSERT_TRUE(count);
    EXPECT_EQ(*count, 250);
    EXPECT_FALSE(read_explained_count("[]"));
    EXPECT_FALSE(read_explained_search("{"));
}

}  // namespace
}  // namespace pgmind::intelligence
