#include "memory/tests/app/fakes.hpp"

namespace pgmind::memory::testing {
namespace {

using EntriesTest = ServiceFixture;
using Names = std::vector<std::string>;

StoreRequest wanted() {
    StoreRequest request;
    request.namespace_name = "1";
    request.key = "k";
    request.value_json = "1";
    return request;
}

TEST_F(EntriesTest, a_stored_entry_is_published) {
    StoreRequest entry = wanted();
    entry.embedding = std::vector<float>{1};
    const auto stored = run(memory_.store(request_, entry));
    ASSERT_TRUE(stored);
    EXPECT_TRUE(is_uuid(stored->entry.entry_id));
    EXPECT_TRUE(entries_.entries.contains({at("shard-1", Scope::project), "1", "k"}));
    EXPECT_EQ(events(), (Names{"NamespaceCreated", "MemoryEntryStored", "EmbeddingStored"}));
}

TEST_F(EntriesTest, a_replayed_answer_is_not_published_again) {
    entries_.replay = true;
    ASSERT_TRUE(run(memory_.store(request_, wanted())));
    EXPECT_EQ(events(), Names{});
}

TEST_F(EntriesTest, what_is_invalid_or_fails_is_not_published) {
    StoreRequest entry = wanted();
    entry.key = "";
    EXPECT_EQ(run(memory_.store(request_, entry)).error().field, "key");
    entries_.steering.fail_at(at("shard-1", Scope::project), Error(Errc::key_taken, "taken"));
    EXPECT_TRUE(run(memory_.store(request_, wanted())).error().is(Failure::already_exists));
    EXPECT_EQ(events(), Names{});
}

TEST_F(EntriesTest, retrieve_in_both_asks_both_at_once_and_prefers_project) {
    const EntryAddress address{Scope::both, "2", "k"};
    const auto missing = run(memory_.retrieve(request_, address, false));
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().is(Failure::not_found));
    entries_.put(at("shard-2", Scope::shared), entry("2", "k", "shared", 1));
    EXPECT_EQ(run(memory_.retrieve(request_, address, false))->text, "shared");
    entries_.put(at("shard-2", Scope::project), entry("2", "k", "project", 1));
    EXPECT_EQ(run(memory_.retrieve(request_, address, false))->text, "project");
    EXPECT_EQ(events(), (Names{"MemoryEntryRetrieved", "MemoryEntryRetrieved"}));
    // Project must be known to be empty before shared may answer.
    entries_.steering.fail_at(at("shard-2", Scope::project),
                              Error(BaseErrc::unavailable, "down"));
    EXPECT_TRUE(
        run(memory_.retrieve(request_, address, false)).error().is(Failure::unavailable));
    entries_.steering.cork();
    bool done = false;
    async::spawn(loop_.get_executor(),
                 [](MemoryService& memory, const RequestContext& request, EntryAddress where,
                    bool& finished) -> Task<void> {
                     const auto found = co_await memory.retrieve(request, where, false);
                     finished = !found;
                 }(memory_, request_, address, done));
    loop_.restart();
    loop_.poll();
    EXPECT_EQ(entries_.steering.waiting(), 2U);
    entries_.steering.uncork();
    loop_.poll();
    EXPECT_TRUE(done);
}

TEST_F(EntriesTest, remove_publishes_what_is_gone) {
    entries_.put(at("shard-1", Scope::shared), entry("1", "k", "", 1));
    const DeleteRequest target{{Scope::shared, "1", "k"}, {}};
    ASSERT_TRUE(run(memory_.remove(request_, target)));
    EXPECT_FALSE(run(memory_.remove(request_, target)));
    EXPECT_EQ(events(), Names{"MemoryEntryDeleted"});
}

TEST_F(EntriesTest, a_list_of_both_scopes_goes_on_where_it_stopped) {
    for (const std::string key : {"a", "b", "c"}) {
        entries_.put(at("shard-1", Scope::project), entry("1", key, "", 1));
        entries_.put(at("shard-1", Scope::shared), entry("1", key, "", 1));
    }
    ListRequest query;
    query.scope = Scope::both;
    query.namespace_name = "1";
    query.limit = 1;
    std::vector<std::string> seen;
    do {
        const auto page = run(memory_.list(request_, query));
        ASSERT_TRUE(page) << page.error().detail;
        ASSERT_EQ(page->entries.size(), 1U);
        const Entry& one = page->entries[0];
        seen.push_back(one.key + (one.scope == Scope::shared ? "s" : "p"));
        query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    EXPECT_EQ(seen, (Names{"ap", "as", "bp", "bs", "cp", "cs"}));
}

TEST_F(EntriesTest, a_list_fails_when_one_database_does) {
    entries_.steering.fail_at(at("shard-1", Scope::shared), Error(BaseErrc::unavailable, "down"));
    ListRequest query;
    query.namespace_name = "1";
    EXPECT_TRUE(run(memory_.list(request_, query)));
    query.scope = Scope::both;
    EXPECT_TRUE(run(memory_.list(request_, query)).error().is(Failure::unavailable));
    query.cursor = "nonsense";
    EXPECT_EQ(run(memory_.list(request_, query)).error().field, "cursor");
}

}  // namespace
}  // namespace pgmind::memory::testing
