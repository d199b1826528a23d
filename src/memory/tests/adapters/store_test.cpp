#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

using StoreTest = MemoryFixture;

TEST_F(StoreTest, what_was_stored_comes_back) {
    const std::string name = fresh_namespace();
    StoreRequest wanted = entry(name, "first", R"({"a": [1, 2.5, "x"]})");
    wanted.text = "a quick fox";
    wanted.metadata_json = R"({"lang": "en"})";
    wanted.embedding = std::vector<float>{1, -0.5F, 0.25F};
    wanted.ttl = std::chrono::seconds(60);
    const auto stored = store(wanted);
    ASSERT_TRUE(stored) << stored.error().detail;
    EXPECT_TRUE(stored->created);
    EXPECT_EQ(stored->entry.version, 1);
    EXPECT_TRUE(is_uuid(stored->entry.entry_id));

    const auto found = retrieve(name, "first");
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->value_json, R"({"a": [1, 2.5, "x"]})");
    EXPECT_EQ(found->text, "a quick fox");
    EXPECT_EQ(found->metadata_json, R"({"lang": "en"})");
    EXPECT_EQ(found->embedding, wanted.embedding);
    EXPECT_EQ(found->entry_id, stored->entry.entry_id);
    EXPECT_EQ(found->created_at, stored->entry.created_at);
    EXPECT_EQ(found->expires_at, stored->entry.expires_at);
}

}  // namespace
}  // namespace pgmind::memory::testing
