#include <set>

#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

class ListTest : public MemoryFixture {
  protected:
    Result<EntryPage> list(const ListRequest& query) {
        return run(loop_, memory_->list(request_, query));
    }
    /// All keys of all pages, in the order they came.
    std::vector<std::string> keys_of_all_pages(ListRequest query) {
        std::vector<std::string> keys;
        do {
            const auto page = list(query);
            if (!page) {
                ADD_FAILURE() << page.error().detail;
                return keys;
            }
            EXPECT_LE(page->entries.size(), query.limit);
            for (const Entry& one : page->entries) {
                keys.push_back(one.key);
            }
            query.cursor = page->next_cursor;
        } while (!query.cursor.empty() && keys.size() < 10'000);
        return keys;
    }
    ListRequest pages_of(std::size_t limit) {
        ListRequest query;
        query.namespace_name = name_;
        query.limit = limit;
        return query;
    }
    void store_keys(const std::vector<std::string>& keys) {
        for (const std::string& key : keys) {
            ASSERT_TRUE(store(entry(name_, key, "1")));
        }
    }

    std::string name_ = fresh_namespace();
};

TEST_F(ListTest, pages_give_every_key_once_in_bytewise_order) {
    store_keys({"b", "a", "B", "é", "ab", "Z", "a b", "🦊", "_", "10", "9"});
    for (const std::size_t limit : {1U, 2U, 3U, 11U, 12U}) {
        EXPECT_EQ(
            keys_of_all_pages(pages_of(limit)),
            (std::vector<std::string>{"10", "9", "B", "Z", "_", "a", "a b", "ab", "b", "é", "🦊"}));
    }
    ListRequest descending = pages_of(4);
    descending.descending = true;
    const auto keys = keys_of_all_pages(descending);
    ASSERT_EQ(keys.size(), 11U);
    EXPECT_EQ(keys.front(), "🦊");
    EXPECT_EQ(keys.back(), "10");
}

// 1,000 entries of 1 MB in one answer would take gigabytes of the gateway.
TEST_F(ListTest, a_page_ends_where_its_bytes_do_and_the_next_goes_on) {
    constexpr int kEntries = 20;
    const std::string large = '"' + std::string(1'000'000, 'x') + '"';
    for (int i = 0; i < kEntries; ++i) {
        StoreRequest wanted = entry(name_, "k" + std::to_string(100 + i), large);
        wanted.text = "large";
        ASSERT_TRUE(store(wanted));
    }
    const auto page = list(pages_of(1000));
    ASSERT_TRUE(page) << page.error().detail;
    EXPECT_EQ(page->entries.size(), 17U);  // the one that passes 16 MiB is the last
    EXPECT_FALSE(page->next_cursor.empty());
    EXPECT_EQ(page->entries.back().value_json.size(), large.size());
    for (const ListOrder order : {ListOrder::key, ListOrder::updated_at}) {
        ListRequest query = pages_of(1000);
        query.order = order;
        const auto keys = keys_of_all_pages(query);
        EXPECT_EQ(keys.size(), static_cast<std::size_t>(kEntries));
        EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), keys.size());
    }
    SearchRequest words;
    words.namespaces = {name_};
    words.access.allowed = {name_};
    words.mode = SearchMode::text;
    words.query = "large";
    words.limit = 1000;
    const auto found = search(words);
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->hits.size(), 17U);
    ASSERT_EQ(found->notes.size(), 1U);
    EXPECT_NE(found->notes[0].find("16 MiB"), std::string::npos) << found->notes[0];
}

TEST_F(ListTest, the_last_page_has_no_cursor) {
    store_keys({"a", "b"});
    EXPECT_EQ(list(pages_of(2))->next_cursor, "");
    EXPECT_NE(list(pages_of(1))->next_cursor, "");
}

TEST_F(ListTest, a_prefix_is_taken_literally) {
    store_keys({"a%b", "a_b", "axb", "a\\b", "a", "b"});
    ListRequest query = pages_of(10);
    for (const auto& [prefix, count] : std::map<std::string, std::size_t>{
             {"a", 5}, {"a%", 1}, {"a_", 1}, {"a\\", 1}, {"ax", 1}}) {
        query.key_prefix = prefix;
        EXPECT_EQ(keys_of_all_pages(query).size(), count) << prefix;
    }
}

TEST_F(ListTest, times_order_with_the_key_as_second) {
    store_keys({"a", "b", "c", "d"});
    test_cluster().ask(name_,
                       "UPDATE pgmind.memory_entries SET created_at = '2026-01-01', updated_at "
                       "= CASE key WHEN 'c' THEN '2026-01-02 00:00:00.000001' ELSE "
                       "'2026-01-02' END::timestamptz WHERE namespace = '" +
                           name_ + "'");
    ListRequest query = pages_of(1);
    query.order = ListOrder::updated_at;
    EXPECT_EQ(keys_of_all_pages(query), (std::vector<std::string>{"a", "b", "d", "c"}));
    query.descending = true;
    EXPECT_EQ(keys_of_all_pages(query), (std::vector<std::string>{"c", "d", "b", "a"}));
    query.order = ListOrder::created_at;
    EXPECT_EQ(keys_of_all_pages(query), (std::vector<std::string>{"d", "c", "b", "a"}));
}

TEST_F(ListTest, both_scopes_make_one_list) {
    store_keys({"a", "c", "d"});
    for (const std::string key : {"b", "c", "e"}) {
        StoreRequest shared = entry(name_, key, "2");
        shared.scope = Scope::shared;
        ASSERT_TRUE(store(shared));
    }
    for (const bool descending : {false, true}) {
        for (const std::size_t limit : {1U, 2U, 5U, 6U}) {
            ListRequest query = pages_of(limit);
            query.scope = Scope::both;
            query.descending = descending;
            std::vector<std::string> expected{"a", "b", "c", "c", "d", "e"};
            if (descending) {
                std::reverse(expected.begin(), expected.end());
            }
            EXPECT_EQ(keys_of_all_pages(query), expected) << limit;
        }
    }
}

TEST_F(ListTest, expired_entries_are_not_listed) {
    store_keys({"a", "b"});
    test_cluster().ask(name_,
                       "UPDATE pgmind.memory_entries SET expires_at = now() WHERE key = 'a' "
                       "AND namespace = '" +
                           name_ + "'");
    EXPECT_EQ(keys_of_all_pages(pages_of(10)), std::vector<std::string>{"b"});
}

TEST_F(ListTest, what_is_stored_meanwhile_neither_repeats_nor_hides_others) {
    std::vector<std::string> keys;
    for (int i = 100; i < 200; ++i) {
        keys.push_back(std::to_string(i));
    }
    store_keys(keys);
    ListRequest query = pages_of(7);
    std::multiset<std::string> seen;
    int added = 0;
    do {
        const auto page = list(query);
        ASSERT_TRUE(page);
        for (const Entry& one : page->entries) {
            seen.insert(one.key);
        }
        query.cursor = page->next_cursor;
        // One before and one after the place where the list is.
        store_keys({"0" + std::to_string(added), page->entries.back().key + "x"});
        ++added;
    } while (!query.cursor.empty());
    for (const std::string& key : keys) {
        EXPECT_EQ(seen.count(key), 1U) << key;
    }
}

TEST_F(ListTest, a_cursor_is_for_its_question_only) {
    store_keys({"a", "b", "c"});
    ListRequest query = pages_of(1);
    query.cursor = list(query)->next_cursor;
    ASSERT_TRUE(list(query));
    for (int change = 0; change < 5; ++change) {
        ListRequest other = query;
        switch (change) {
            case 0:
                other.namespace_name = fresh_namespace();
                break;
            case 1:
                other.key_prefix = "a";
                break;
            case 2:
                other.descending = true;
                break;
            case 3:
                other.scope = Scope::both;
                break;
            default:
                other.filter = Filter{FilterOperator::exists, {"a"}, {true}, {}};
        }
        const auto refused = list(other);
        ASSERT_FALSE(refused) << change;
        EXPECT_EQ(refused.error().field, "cursor");
        EXPECT_TRUE(refused.error().is(Failure::invalid_argument));
    }
}

TEST_F(ListTest, embeddings_come_only_when_asked_for) {
    StoreRequest wanted = entry(name_, "k", "1");
    wanted.embedding = std::vector<float>{1, 2};
    ASSERT_TRUE(store(wanted));
    ListRequest query = pages_of(1);
    EXPECT_FALSE(list(query)->entries[0].embedding);
    query.with_embedding = true;
    EXPECT_EQ(list(query)->entries[0].embedding, wanted.embedding);
}

}  // namespace
}  // namespace pgmind::memory::testing
