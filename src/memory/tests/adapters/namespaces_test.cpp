#include <set>

#include "memory/adapters/configure.hpp"
#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

class NamespacesTest : public MemoryFixture {
  protected:
    Result<Namespace> create(NamespaceRequest wanted) {
        return run(loop_, memory_->create_namespace(request_, std::move(wanted)));
    }
    NamespaceRequest wanted() {
        NamespaceRequest request;
        request.name = name_;
        return request;
    }
    Result<NamespaceStatistics> statistics(Scope scope) {
        return run(loop_, memory_->namespace_statistics(request_, scope, name_));
    }
    Result<std::int64_t> remove() {
        return run(loop_, memory_->remove_namespace(request_, Scope::project, name_));
    }

    std::string name_ = fresh_namespace();
};

TEST_F(NamespacesTest, is_created_with_its_settings) {
    NamespaceRequest request = wanted();
    request.dimensions = 3;
    request.text_language = "german";
    request.metadata_json = R"({"team": "a"})";
    const auto made = create(request);
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_EQ(made->name, name_);
    EXPECT_EQ(made->dimensions, 3);
    EXPECT_EQ(made->text_language, "german");
    EXPECT_EQ(made->metadata_json, R"({"team": "a"})");
    EXPECT_EQ(made->shard, test_cluster().shard_map()->shard_of(name_).value());
    EXPECT_EQ(made->slot, static_cast<std::int64_t>(cluster::slot_of(name_)));
    // Again without settings: nothing changes.
    const auto same = create(wanted());
    ASSERT_TRUE(same);
    EXPECT_EQ(same->text_language, "german");
    EXPECT_EQ(same->dimensions, 3);
    EXPECT_EQ(same->created_at, made->created_at);
}

TEST_F(NamespacesTest, dimensions_once_known_are_fixed) {
    NamespaceRequest request = wanted();
    request.dimensions = 3;
    ASSERT_TRUE(create(request));
    request.dimensions = 4;
    const auto refused = create(request);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::invalid_argument));
    StoreRequest vector = entry(name_, "k", "1");
    vector.embedding = std::vector<float>(4, 1);
    EXPECT_FALSE(store(vector));
}

TEST_F(NamespacesTest, the_language_is_fixed_while_there_are_entries) {
    ASSERT_TRUE(store(entry(name_, "k", "1")));
    NamespaceRequest request = wanted();
    request.text_language = "english";
    EXPECT_TRUE(create(request));
    request.text_language = "german";
    const auto refused = create(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "text_language");
    request.text_language = "klingon";
    const auto unknown = create(request);
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().is(Failure::invalid_argument));
    EXPECT_EQ(unknown.error().field, "text_language");
    EXPECT_NE(unknown.error().detail.find("klingon"), std::string::npos);
}

class TextLanguageTest : public NamespacesTest {
  protected:
    ~TextLanguageTest() override { EXPECT_TRUE(configure("english")); }

    // Of the database that the test's namespace lives in.
    Result<void> configure(std::string language) {
        const std::string shard = test_cluster().shard_map()->shard_of(name_).value();
        const Deadline deadline = Deadline::after(std::chrono::seconds(30));
        return run(loop_, configure_database(test_cluster().options(shard, "project").value(),
                                             MemorySettings{std::move(language)}, deadline));
    }
};

TEST_F(TextLanguageTest, new_namespaces_take_the_language_of_the_settings) {
    ASSERT_TRUE(configure("german"));
    ASSERT_TRUE(store(entry(name_, "k", "1")));
    const auto made = create(wanted());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->text_language, "german");
    ASSERT_TRUE(configure("english"));
    const auto later = create(wanted());
    ASSERT_TRUE(later);
    EXPECT_EQ(later->text_language, "german") << "what exists keeps its own";
}

TEST_F(TextLanguageTest, a_language_that_the_server_has_not_is_refused) {
    const auto refused = configure("klingon");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::invalid_argument));
    EXPECT_NE(refused.error().detail.find("klingon"), std::string::npos);
    const auto made = create(wanted());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->text_language, "english");
}

TEST_F(NamespacesTest, statistics_count_what_is_alive) {
    EXPECT_TRUE(statistics(Scope::project).error().is(Failure::not_found));
    ASSERT_TRUE(store(entry(name_, "a", "\"some text\"")));
    StoreRequest shared = entry(name_, "b", "1");
    shared.embedding = std::vector<float>{1, 2};
    shared.scope = Scope::shared;
    ASSERT_TRUE(store(shared));
    const auto project = statistics(Scope::project);
    ASSERT_TRUE(project);
    EXPECT_EQ(project->entries, 1);
    EXPECT_EQ(project->entries_with_embedding, 0);
    EXPECT_GT(project->bytes, 80);
    const auto both = statistics(Scope::both);
    ASSERT_TRUE(both);
    EXPECT_EQ(both->entries, 2);
    EXPECT_EQ(both->entries_with_embedding, 1);
    EXPECT_GT(both->bytes, project->bytes);
}

TEST_F(NamespacesTest, pages_over_all_shards_are_in_order_and_obey_access) {
    std::vector<std::string> expected;
    for (int i = 10; i < 30; ++i) {
        NamespaceRequest request;
        request.name = name_ + "/" + std::to_string(i);
        request.scope = i % 5 == 0 ? Scope::shared : Scope::project;
        ASSERT_TRUE(create(request));
        if (i != 17) {
            expected.push_back(request.name);
        }
    }
    NamespaceListRequest query;
    query.access.allowed = {name_ + "/*"};
    query.access.denied = {name_ + "/17"};
    query.limit = 3;
    std::vector<std::string> names;
    do {
        const auto page = run(loop_, memory_->list_namespaces(request_, query));
        ASSERT_TRUE(page) << page.error().detail;
        for (const Namespace& one : page->namespaces) {
            names.push_back(one.name);
            EXPECT_EQ(one.shard, test_cluster().shard_map()->shard_of(one.name).value());
        }
        query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    EXPECT_EQ(names, expected);
    query.access.allowed.clear();
    EXPECT_TRUE(run(loop_, memory_->list_namespaces(request_, query))->namespaces.empty());
}

TEST_F(NamespacesTest, removal_takes_everything) {
    EXPECT_TRUE(remove().error().is(Failure::not_found));
    for (int i = 0; i < 7; ++i) {
        StoreRequest one = entry(name_, std::to_string(i), "1");
        one.idempotency_key = std::to_string(i);
        ASSERT_TRUE(store(one));
    }
    const auto removed = remove();
    ASSERT_TRUE(removed) << removed.error().detail;
    EXPECT_EQ(*removed, 7);
    EXPECT_EQ(test_cluster().ask(
                  name_,
                  "SELECT count(*) FROM pgmind.idempotency_keys WHERE namespace = '" + name_ + "'"),
              "0");
    EXPECT_TRUE(remove().error().is(Failure::not_found));
}

Task<Result<bool>> store_one(Memory& memory, const RequestContext& request, StoreRequest entry) {
    const auto stored = co_await memory.store(request, std::move(entry));
    co_return stored ? Result<bool>(true) : Result<bool>(fail(stored.error()));
}

Task<Result<bool>> remove_one(Memory& memory, const RequestContext& request, std::string name) {
    const auto removed = co_await memory.remove_namespace(request, Scope::project, name);
    co_return removed || removed.error().is(Failure::not_found)
        ? Result<bool>(true)
        : Result<bool>(fail(removed.error()));
}

TEST_F(NamespacesTest, no_entry_survives_without_its_namespace) {
    for (int round = 0; round < 5; ++round) {
        std::vector<Task<Result<bool>>> tasks;
        for (int i = 0; i < 20; ++i) {
            tasks.push_back(store_one(*memory_, request_, entry(name_, std::to_string(i), "1")));
            if (i % 7 == 3) {
                tasks.push_back(remove_one(*memory_, request_, name_));
            }
        }
        for (const auto& done : run(loop_, async::when_all(std::move(tasks)))) {
            EXPECT_TRUE(done) << done.error().detail;
        }
        EXPECT_EQ(test_cluster().ask(
                      name_,
                      "SELECT count(*) FROM pgmind.memory_entries e "
                      "WHERE NOT EXISTS (SELECT FROM pgmind.namespaces n WHERE n.namespace = "
                      "e.namespace)"),
                  "0");
    }
}

TEST_F(NamespacesTest, removals_at_once_do_not_deadlock) {
    for (int round = 0; round < 5; ++round) {
        std::vector<Task<Result<bool>>> stores;
        for (int i = 0; i < 200; ++i) {
            stores.push_back(
                store_one(*memory_, request_, entry(name_, std::to_string(i * 7919 % 1000), "1")));
        }
        for (const auto& done : run(loop_, async::when_all(std::move(stores)))) {
            ASSERT_TRUE(done) << done.error().detail;
        }
        std::vector<Task<Result<bool>>> tasks;
        for (int i = 0; i < 12; ++i) {
            tasks.push_back(remove_one(*memory_, request_, name_));
            StoreRequest again = entry(name_, std::to_string(i * 7919 % 1000), "2");
            again.idempotency_key = std::to_string(i % 3) + again.key;
            tasks.push_back(store_one(*memory_, request_, std::move(again)));
        }
        for (const auto& done : run(loop_, async::when_all(std::move(tasks)))) {
            EXPECT_TRUE(done) << done.error().detail;
        }
    }
}

}  // namespace
}  // namespace pgmind::memory::testing
