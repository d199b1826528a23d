#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

using SearchTest = MemoryFixture;

TEST_F(SearchTest, words_and_vectors_find_their_entries) {
    const std::string name = fresh_namespace();
    const std::vector<std::string> texts{"compress files in parallel", "a mail reader",
                                         "read and write files"};
    for (std::size_t i = 0; i < texts.size(); ++i) {
        StoreRequest wanted = entry(name, std::to_string(i), "{}");
        wanted.text = texts[i];
        wanted.embedding = std::vector<float>{1, static_cast<float>(i)};
        ASSERT_TRUE(store(wanted));
    }
    for (const bool all : {false, true}) {
        SearchRequest query;
        query.namespaces = {name};
        query.access.allowed = {"test/*"};
        query.mode = SearchMode::text;
        query.query = "parallel file compression";
        if (all) {
            query.namespaces.clear();
            query.access.allowed = {name};
        }
        const auto found = search(query);
        ASSERT_TRUE(found) << found.error().detail;
        ASSERT_EQ(found->hits.size(), 2U);
        EXPECT_EQ(found->hits[0].entry.key, "0");
        EXPECT_EQ(found->hits[1].entry.key, "2");

        query.mode = SearchMode::vector;
        query.embedding = std::vector<float>{1, 2};
        const auto near = search(query);
        ASSERT_TRUE(near) << near.error().detail;
        ASSERT_EQ(near->hits.size(), 3U);
        EXPECT_EQ(near->hits[0].entry.key, "2");
        EXPECT_NEAR(*near->hits[0].similarity, 1, 1e-6);

        query.mode = SearchMode::hybrid;
        const auto both = search(query);
        ASSERT_TRUE(both) << both.error().detail;
        EXPECT_EQ(both->hits.size(), 3U);
    }
}

}  // namespace
}  // namespace pgmind::memory::testing
