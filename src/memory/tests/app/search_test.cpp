#include "memory/tests/app/fakes.hpp"

namespace pgmind::memory::testing {
namespace {

using Names = std::vector<std::string>;

class SearchTest : public ServiceFixture {
  protected:
    SearchTest() {
        query_.access.allowed = {"*"};
        query_.query = "fox";
        query_.mode = SearchMode::text;
    }
    void put(const std::string& shard, Scope scope, const std::string& name, const std::string& key,
             std::int64_t score) {
        entries_.put(at(shard, scope), entry(name, key, "fox", score));
    }
    void near(const std::string& shard, Scope scope, const std::string& name,
              const std::string& key, double similarity) {
        intelligence_.hits[at(shard, scope)].push_back({name, key, similarity});
    }
    Names keys() {
        const auto found = run(memory_.search(request_, query_));
        if (!found) {
            return {found.error().detail};
        }
        Names names;
        for (const SearchHit& hit : found->hits) {
            names.push_back((hit.entry.scope == Scope::shared ? "s:" : "p:") +
                            hit.entry.namespace_name + ":" + hit.entry.key);
        }
        last_ = *found;
        return names;
    }

    SearchRequest query_;
    SearchResult last_;
};

TEST_F(SearchTest, shards_and_scopes_merge_in_one_total_order) {
    put("shard-2", Scope::shared, "2", "c", 5);
    put("shard-1", Scope::shared, "1", "b", 5);
    put("shard-2", Scope::project, "2", "a", 5);
    put("shard-1", Scope::project, "1", "z", 5);
    put("shard-1", Scope::project, "1", "y", 5);
    put("shard-2", Scope::project, "2", "best", 9);
    query_.scope = Scope::both;
    EXPECT_EQ(keys(), (Names{"p:2:best", "p:1:y", "p:1:z", "p:2:a", "s:1:b", "s:2:c"}));
    EXPECT_EQ(last_.shards_searched, 2U);
    EXPECT_EQ(last_.hits[0].text_score, 9);
    EXPECT_FALSE(last_.hits[0].similarity);
    query_.limit = 2;
    EXPECT_EQ(keys(), (Names{"p:2:best", "p:1:y"}));
}

TEST_F(SearchTest, a_vector_of_other_dimensions_than_the_one_named_namespace_is_refused) {
    namespaces_.names[at("shard-1", Scope::project)] = {{"1", 5}};
    query_.namespaces = {"1"};
    query_.mode = SearchMode::vector;
    query_.embedding = std::vector<float>{1, 2, 3};
    EXPECT_EQ(keys(), Names{});  // no vectors yet
    namespaces_.dimensions = 3;
    EXPECT_EQ(keys(), Names{});
    namespaces_.dimensions = 2;
    const auto refused = run(memory_.search(request_, query_));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "embedding");
    EXPECT_EQ(refused.error().detail, "namespace \"1\" holds vectors of 2 dimensions, not of 3");
    query_.namespaces = {"1", "2"};
    EXPECT_EQ(keys(), Names{});
    near("shard-1", Scope::project, "1", "a", 1);
    entries_.put(at("shard-1", Scope::project), entry("1", "a", "fox", 1));
    query_.namespaces = {"1"};
    EXPECT_EQ(keys(), Names{"p:1:a"});
}

TEST_F(SearchTest, hits_without_room_end_the_answer_and_a_note_says_so) {
    put("shard-1", Scope::project, "1", "best", 9);
    put("shard-2", Scope::project, "2", "large", 5);
    put("shard-1", Scope::project, "1", "last", 1);
    entries_.take_room_from(at("shard-2", Scope::project), "2", "large");
    EXPECT_EQ(keys(), (Names{"p:1:best"}));
    ASSERT_EQ(last_.notes.size(), 1U);
    EXPECT_NE(last_.notes[0].find("16 MiB"), std::string::npos) << last_.notes[0];
}

TEST_F(SearchTest, named_namespaces_are_held_against_the_access) {
    put("shard-1", Scope::project, "1", "a", 1);
    put("shard-2", Scope::project, "2", "b", 1);
    query_.namespaces = {"1", "2", "1"};
    query_.access.denied = {"2"};
    keys();
    ASSERT_EQ(entries_.queries.size(), 1U);
    EXPECT_EQ(entries_.queries[0].first, at("shard-1", Scope::project));
    EXPECT_EQ(entries_.queries[0].second.selection.names, Names{"1"});
    query_.namespaces = {"2"};
    EXPECT_EQ(keys(), Names{});
    EXPECT_EQ(last_.shards_searched, 0U);
}

TEST_F(SearchTest, all_namespaces_means_those_of_the_access) {
    query_.access = {{"a*"}, {"ab"}};
    keys();
    ASSERT_EQ(entries_.queries.size(), 2U);
    for (const auto& [place, query] : entries_.queries) {
        EXPECT_TRUE(query.selection.names.empty());
        EXPECT_EQ(query.selection.access.allowed, Names{"a*"});
        EXPECT_EQ(query.selection.access.denied, Names{"ab"});
    }
}

TEST_F(SearchTest, events_come_in_their_order) {
    put("shard-1", Scope::project, "1", "a", 1);
    keys();
    const Names names = events();
    ASSERT_EQ(names.size(), 5U);
    EXPECT_EQ(names.front(), "VectorSearchInitiated");
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_EQ(names[i], "ShardQueryExecuted");
    }
    EXPECT_EQ(names.back(), "MemoryEntriesRetrieved");
}

TEST_F(SearchTest, vector_needs_a_vector) {
    query_.mode = SearchMode::vector;
    intelligence_.embed_failure = Error(BaseErrc::unavailable, "no embedder");
    EXPECT_EQ(keys(), Names{"no embedder"});
    EXPECT_EQ(intelligence_.embedded, Names{"fox"});
    intelligence_.embed_failure.reset();
    near("shard-2", Scope::project, "2", "v", 0.5);
    put("shard-2", Scope::project, "2", "v", 1);
    EXPECT_EQ(keys(), Names{"p:2:v"});
    EXPECT_EQ(last_.hits[0].score, 0.5);
    EXPECT_EQ(last_.hits[0].similarity, 0.5);
    EXPECT_EQ(intelligence_.queries[0].embedding, (std::vector<float>{1, 0}));
    EXPECT_TRUE(entries_.queries.empty());
}

TEST_F(SearchTest, hybrid_fuses_both_rankings_by_weight) {
    query_.mode = SearchMode::hybrid;
    query_.embedding = std::vector<float>{1};
    put("shard-1", Scope::project, "1", "words", 9);
    put("shard-1", Scope::project, "1", "both", 8);
    entries_.put(at("shard-1", Scope::project), entry("1", "vector", "dog", 1));
    near("shard-1", Scope::project, "1", "vector", 0.9);
    near("shard-1", Scope::project, "1", "both", 0.8);
    EXPECT_EQ(keys(), (Names{"p:1:both", "p:1:vector", "p:1:words"}));
    EXPECT_NEAR(last_.hits[0].score, 2.0 / 62, 1e-12);
    EXPECT_EQ(last_.hits[0].text_score, 8);
    EXPECT_EQ(last_.hits[0].similarity, 0.8);
    EXPECT_FALSE(last_.hits[1].text_score);
    EXPECT_TRUE(last_.notes.empty());
    query_.text_weight = 3;
    EXPECT_EQ(keys(), (Names{"p:1:both", "p:1:words", "p:1:vector"}));
    query_.text_weight = 0;
    EXPECT_EQ(keys(), (Names{"p:1:vector", "p:1:both"}));
}

TEST_F(SearchTest, hybrid_without_a_vector_goes_by_words_and_says_so) {
    query_.mode = SearchMode::hybrid;
    put("shard-1", Scope::project, "1", "a", 1);
    EXPECT_EQ(keys(), Names{"p:1:a"});
    ASSERT_EQ(last_.notes.size(), 1U);
    EXPECT_NE(last_.notes[0].find("no embedder"), std::string::npos);
    EXPECT_TRUE(intelligence_.embedded.empty());
    intelligence_.embedder = true;
    intelligence_.embed_failure = Error(BaseErrc::unavailable, "embedder is down");
    EXPECT_EQ(keys(), Names{"p:1:a"});
    ASSERT_EQ(last_.notes.size(), 1U);
    EXPECT_NE(last_.notes[0].find("embedder is down"), std::string::npos);
    intelligence_.embed_failure.reset();
    keys();
    EXPECT_TRUE(last_.notes.empty());
    EXPECT_EQ(intelligence_.queries.size(), 2U);
}

TEST_F(SearchTest, a_shard_that_fails_fails_the_search) {
    entries_.steering.fail_at(at("shard-2", Scope::project), Error(BaseErrc::unavailable, "down"));
    EXPECT_EQ(keys(), Names{"down"});
    query_.namespaces = {"1"};
    EXPECT_EQ(keys(), Names{});
}

TEST_F(SearchTest, what_was_deleted_meanwhile_is_left_out) {
    query_.mode = SearchMode::vector;
    query_.embedding = std::vector<float>{1};
    near("shard-1", Scope::project, "1", "gone", 0.9);
    near("shard-1", Scope::project, "1", "here", 0.8);
    put("shard-1", Scope::project, "1", "here", 1);
    EXPECT_EQ(keys(), Names{"p:1:here"});
}

TEST_F(SearchTest, an_invalid_query_asks_nobody) {
    query_.limit = 0;
    const auto refused = run(memory_.search(request_, query_));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "limit");
    EXPECT_EQ(events(), Names{});
}

}  // namespace
}  // namespace pgmind::memory::testing
