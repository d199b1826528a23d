#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

class StoreTest : public MemoryFixture {
  protected:
    std::vector<Result<StoreResult>> store_at_once(std::vector<StoreRequest> entries) {
        std::vector<Task<Result<StoreResult>>> tasks;
        for (StoreRequest& one : entries) {
            tasks.push_back(memory_->store(request_, std::move(one)));
        }
        return run(loop_, async::when_all(std::move(tasks)));
    }
    Result<void> remove(const std::string& name, const std::string& key,
                        std::optional<std::int64_t> version) {
        return run(loop_, memory_->remove(request_, {{Scope::project, name, key}, version}));
    }
    /// Lets an entry expire at once.
    void expire(const std::string& name, const std::string& key) {
        test_cluster().ask(name,
                           "UPDATE pgmind.memory_entries SET expires_at = now() - interval "
                           "'1 second' WHERE namespace = '" +
                               name + "' AND key = '" + key + "'");
    }

    std::string name_ = fresh_namespace();
};

TEST_F(StoreTest, what_was_stored_comes_back) {
    StoreRequest wanted = entry(name_, "first", R"({"a": [1, 2.5, "x"]})");
    wanted.text = "a quick fox";
    wanted.metadata_json = R"({"lang": "en"})";
    wanted.embedding = std::vector<float>{1, -0.5F, 0.25F};
    wanted.ttl = std::chrono::seconds(60);
    const auto stored = store(wanted);
    ASSERT_TRUE(stored) << stored.error().detail;
    EXPECT_TRUE(stored->created);
    EXPECT_FALSE(stored->replayed);
    EXPECT_EQ(stored->entry.version, 1);
    EXPECT_TRUE(is_uuid(stored->entry.entry_id));

    const auto found = retrieve(name_, "first");
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->value_json, R"({"a": [1, 2.5, "x"]})");
    EXPECT_EQ(found->text, "a quick fox");
    EXPECT_EQ(found->metadata_json, R"({"lang": "en"})");
    EXPECT_EQ(found->embedding, wanted.embedding);
    EXPECT_EQ(found->entry_id, stored->entry.entry_id);
    EXPECT_EQ(found->created_at, stored->entry.created_at);
    EXPECT_EQ(found->expires_at, stored->entry.expires_at);
    ASSERT_TRUE(found->expires_at);
    EXPECT_EQ(*found->expires_at - found->updated_at, std::chrono::seconds(60));
}

TEST_F(StoreTest, keys_may_be_any_text) {
    for (const std::string key : {"ключ", "鍵 with space", "a'b\"c\\d%_", "e\u0301", "🦊",
                                  "a/b?c#d", "{\"json\": 1}", "NULL", "\xef\xbf\xbd"}) {
        ASSERT_TRUE(store(entry(name_, key,
                                "\""
                                "v"
                                "\"")))
            << key;
        const auto found = retrieve(name_, key);
        ASSERT_TRUE(found) << key;
        EXPECT_EQ(found->key, key);
    }
    EXPECT_FALSE(retrieve(name_, "null"));
    EXPECT_FALSE(retrieve(name_, "\u00e9"));
}

TEST_F(StoreTest, an_upsert_replaces_everything_but_the_identity) {
    StoreRequest first = entry(name_, "k", "1");
    first.text = "old words";
    first.embedding = std::vector<float>{1, 2};
    first.ttl = std::chrono::seconds(60);
    const auto one = store(first);
    ASSERT_TRUE(one);
    const auto two = store(entry(name_, "k", "2"));
    ASSERT_TRUE(two);
    EXPECT_FALSE(two->created);
    EXPECT_EQ(two->entry.version, 2);
    EXPECT_EQ(two->entry.entry_id, one->entry.entry_id);
    EXPECT_EQ(two->entry.created_at, one->entry.created_at);
    EXPECT_GT(two->entry.updated_at, one->entry.updated_at);
    const auto found = retrieve(name_, "k");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value_json, "2");
    EXPECT_EQ(found->text, "");
    EXPECT_FALSE(found->embedding);
    EXPECT_FALSE(found->expires_at);
}

TEST_F(StoreTest, create_only_refuses_a_taken_key) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.mode = StoreMode::create_only;
    ASSERT_TRUE(store(wanted));
    const auto again = store(wanted);
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().is(Failure::already_exists));
    EXPECT_EQ(again.error().field, "key");
    EXPECT_EQ(retrieve(name_, "k")->version, 1);
}

TEST_F(StoreTest, update_only_refuses_a_missing_key) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.mode = StoreMode::update_only;
    const auto missing = store(wanted);
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().is(Failure::not_found));
    // A refused write leaves nothing behind, not even the namespace.
    EXPECT_EQ(
        test_cluster().ask(
            name_, "SELECT count(*) FROM pgmind.namespaces WHERE namespace = '" + name_ + "'"),
        "0");
    ASSERT_TRUE(store(entry(name_, "k", "1")));
    const auto updated = store(wanted);
    ASSERT_TRUE(updated);
    EXPECT_EQ(updated->entry.version, 2);
}

TEST_F(StoreTest, an_expected_version_must_be_the_one_there) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.expected_version = 1;
    const auto missing = store(wanted);
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().is(Failure::version_conflict));
    ASSERT_TRUE(store(entry(name_, "k", "0")));
    ASSERT_TRUE(store(wanted));
    const auto stale = store(wanted);
    ASSERT_FALSE(stale);
    EXPECT_TRUE(stale.error().is(Failure::version_conflict));
    EXPECT_EQ(stale.error().field, "expected_version");
    EXPECT_NE(stale.error().detail.find("at version 2, not 1"), std::string::npos)
        << stale.error().detail;
}

TEST_F(StoreTest, an_expired_entry_is_not_there) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.ttl = std::chrono::seconds(60);
    wanted.mode = StoreMode::create_only;
    const auto first = store(wanted);
    ASSERT_TRUE(first);
    expire(name_, "k");
    EXPECT_FALSE(retrieve(name_, "k"));
    const auto removed = remove(name_, "k", std::nullopt);
    ASSERT_FALSE(removed);
    EXPECT_TRUE(removed.error().is(Failure::not_found));
    StoreRequest update = wanted;
    update.mode = StoreMode::update_only;
    EXPECT_FALSE(store(update));
    // A new entry begins where the expired one stood.
    const auto second = store(wanted);
    ASSERT_TRUE(second) << second.error().detail;
    EXPECT_TRUE(second->created);
    EXPECT_EQ(second->entry.version, 1);
    EXPECT_NE(second->entry.entry_id, first->entry.entry_id);
    EXPECT_GT(second->entry.created_at, first->entry.created_at);
}

TEST_F(StoreTest, the_first_vector_fixes_the_dimensions) {
    StoreRequest wanted = entry(name_, "a", "1");
    wanted.embedding = std::vector<float>{1, 2, 3};
    ASSERT_TRUE(store(wanted));
    wanted.key = "b";
    wanted.embedding = std::vector<float>{1, 2};
    const auto refused = store(wanted);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::invalid_argument));
    EXPECT_EQ(refused.error().field, "embedding");
    EXPECT_NE(refused.error().detail.find("of 3 dimensions, not of 2"), std::string::npos)
        << refused.error().detail;
    EXPECT_FALSE(retrieve(name_, "b"));
    EXPECT_TRUE(store(entry(name_, "c", "1")));
}

TEST_F(StoreTest, of_two_first_vectors_one_decides) {
    for (int round = 0; round < 10; ++round) {
        const std::string name = fresh_namespace();
        std::vector<StoreRequest> entries;
        for (std::size_t i = 0; i < 8; ++i) {
            entries.push_back(entry(name, std::to_string(i), "1"));
            entries.back().embedding = std::vector<float>(2 + i % 2, 1.0F);
        }
        std::size_t stored = 0;
        for (const auto& result : store_at_once(std::move(entries))) {
            stored += result ? 1 : 0;
            EXPECT_TRUE(result || result.error().is(Failure::invalid_argument))
                << result.error().detail;
        }
        EXPECT_EQ(stored, 4U);
        EXPECT_EQ(test_cluster().ask(name,
                                     "SELECT count(DISTINCT ruvector_dims(embedding)) FROM "
                                     "pgmind.memory_entries WHERE namespace = '" +
                                         name + "'"),
                  "1");
    }
}

TEST_F(StoreTest, writers_to_one_key_do_not_lose_each_other) {
    std::vector<StoreRequest> entries;
    for (int i = 0; i < 64; ++i) {
        entries.push_back(entry(name_, "k", std::to_string(i)));
    }
    std::vector<bool> seen(65);
    for (const auto& result : store_at_once(std::move(entries))) {
        ASSERT_TRUE(result) << result.error().detail;
        const auto version = static_cast<std::size_t>(result->entry.version);
        ASSERT_LT(version, seen.size());
        EXPECT_FALSE(seen[version]) << "two writers made version " << version;
        seen[version] = true;
    }
    EXPECT_EQ(retrieve(name_, "k")->version, 64);
    EXPECT_EQ(test_cluster().ask(name_,
                                 "SELECT count(*) FROM pgmind.event_outbox WHERE name = "
                                 "'MemoryEntryStored' AND payload->>'namespace' = '" +
                                     name_ + "'"),
              "64");
}

TEST_F(StoreTest, one_of_many_creators_wins) {
    std::vector<StoreRequest> entries;
    for (int i = 0; i < 8; ++i) {
        entries.push_back(entry(name_, "k", std::to_string(i)));
        entries.back().mode = StoreMode::create_only;
    }
    std::size_t stored = 0;
    for (const auto& result : store_at_once(std::move(entries))) {
        stored += result ? 1 : 0;
        EXPECT_TRUE(result || result.error().is(Failure::already_exists));
    }
    EXPECT_EQ(stored, 1U);
}

TEST_F(StoreTest, a_repeated_request_gets_the_first_answer) {
    StoreRequest wanted = entry(name_, "k", R"({"b": 1, "a": 2})");
    wanted.idempotency_key = "request 1";
    wanted.ttl = std::chrono::seconds(90);
    const auto first = store(wanted);
    ASSERT_TRUE(first) << first.error().detail;
    ASSERT_TRUE(store(entry(name_, "k", "2")));
    wanted.value_json = R"({"a":2,"b":1})";  // The same value, written otherwise.
    const auto again = store(wanted);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(again->entry.version, 1);
    EXPECT_TRUE(again->created);
    EXPECT_EQ(again->entry.entry_id, first->entry.entry_id);
    EXPECT_EQ(again->entry.updated_at, first->entry.updated_at);
    EXPECT_EQ(again->entry.expires_at, first->entry.expires_at);
    EXPECT_EQ(retrieve(name_, "k")->version, 2);
}

TEST_F(StoreTest, an_idempotency_key_is_for_one_request) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.idempotency_key = "x";
    ASSERT_TRUE(store(wanted));
    wanted.value_json = "2";
    const auto other = store(wanted);
    ASSERT_FALSE(other);
    EXPECT_TRUE(other.error().is(Failure::invalid_argument));
    EXPECT_EQ(other.error().field, "idempotency_key");
    EXPECT_EQ(other.error().reason, kIdempotencyKeyReused);
    EXPECT_EQ(retrieve(name_, "k")->value_json, "1");
}

TEST_F(StoreTest, a_refused_request_does_not_use_up_its_idempotency_key) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.idempotency_key = "x";
    wanted.mode = StoreMode::update_only;
    ASSERT_FALSE(store(wanted));
    ASSERT_TRUE(store(entry(name_, "k", "0")));
    const auto second = store(wanted);
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->replayed);
}

TEST_F(StoreTest, the_same_request_many_times_at_once_is_done_once) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.idempotency_key = "x";
    std::size_t replayed = 0;
    for (const auto& result : store_at_once(std::vector<StoreRequest>(8, wanted))) {
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->entry.version, 1);
        replayed += result->replayed ? 1 : 0;
    }
    EXPECT_EQ(replayed, 7U);
}

TEST_F(StoreTest, json_that_postgresql_cannot_hold_is_named) {
    for (const std::string bad : {"{\"a\":", "1e999999", "\"\\ud800\"", "[1,]", "nan"}) {
        const auto refused = store(entry(name_, "k", bad));
        ASSERT_FALSE(refused) << bad;
        EXPECT_TRUE(refused.error().is(Failure::invalid_argument)) << bad;
        EXPECT_EQ(refused.error().field, "value") << bad;
    }
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.metadata_json = "{\"a\"}";
    const auto refused = store(wanted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "metadata");
}

TEST_F(StoreTest, a_text_of_more_words_than_fit_is_found_by_its_first) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.text = "beginning";
    for (int i = 0; wanted.text->size() < Limits::text_bytes_max - 8; ++i) {
        *wanted.text += " w" + std::to_string(100'000 + i);
    }
    const auto stored = store(wanted);
    ASSERT_TRUE(stored) << stored.error().detail;
    SearchRequest query;
    query.namespaces = {name_};
    query.access.allowed = {"*"};
    query.mode = SearchMode::text;
    query.query = "beginning";
    const auto found = search(query);
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->hits.size(), 1U);
}

TEST_F(StoreTest, what_is_deleted_is_gone) {
    ASSERT_TRUE(store(entry(name_, "k", "1")));
    const auto stale = remove(name_, "k", 7);
    ASSERT_FALSE(stale);
    EXPECT_TRUE(stale.error().is(Failure::version_conflict));
    ASSERT_TRUE(remove(name_, "k", 1));
    const auto again = remove(name_, "k", std::nullopt);
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().is(Failure::not_found));
    EXPECT_EQ(test_cluster().ask(name_,
                                 "SELECT count(*) FROM pgmind.event_outbox WHERE name = "
                                 "'MemoryEntryDeleted' AND payload->>'namespace' = '" +
                                     name_ + "'"),
              "1");
}

TEST_F(StoreTest, scopes_are_separate_and_project_comes_first) {
    StoreRequest wanted = entry(name_, "k", "\"shared\"");
    wanted.scope = Scope::shared;
    ASSERT_TRUE(store(wanted));
    EXPECT_FALSE(retrieve(name_, "k"));
    auto both = run(loop_, memory_->retrieve(request_, {Scope::both, name_, "k"}, false));
    ASSERT_TRUE(both);
    EXPECT_EQ(both->scope, Scope::shared);
    ASSERT_TRUE(store(entry(name_, "k", "\"project\"")));
    both = run(loop_, memory_->retrieve(request_, {Scope::both, name_, "k"}, false));
    ASSERT_TRUE(both);
    EXPECT_EQ(both->value_json, "\"project\"");
}

}  // namespace
}  // namespace pgmind::memory::testing
