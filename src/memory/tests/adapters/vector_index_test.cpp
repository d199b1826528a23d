#include "intelligence/adapters/postgres_vector_index.hpp"
#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

using intelligence::VectorIndexFacts;
using intelligence::VectorIndexState;
using intelligence::VectorIndexStatus;

/// The index of a database that no other test uses, as the gateway keeps it.
class VectorIndexTest : public ::testing::Test {
  protected:
    VectorIndexTest()
        : store_(intelligence::make_postgres_vector_index(
              cluster_.owner_options("shard-1", "project"), cluster::VectorExtension::pgmind)) {
        status_.shard = "shard-1";
        status_.database = "project";
        bus_.subscribe("test", 100,
                       [this](const DomainEvent& event) { published_.emplace_back(event.name); });
        ask("INSERT INTO pgmind.namespaces (namespace, dimensions) VALUES ('n', 3)");
        ask("INSERT INTO pgmind.memory_entries (namespace, key, entry_id, value, embedding, tsv) "
            "SELECT 'n', i, gen_random_uuid(), '{}', ARRAY[i, 1, 2]::ruvector, '' "
            "FROM generate_series(1, 500) i");
    }

    std::string ask(const std::string& sql) {
        const std::string database = cluster_.owner_options("shard-1", "project").database;
        return TemporaryPostgres::instance().ask(database, sql);
    }
    Result<void> keep(std::function<bool()> go_on = [] { return true; }) {
        const std::function<bool()> wanted = std::move(go_on);
        return run(loop_, intelligence::keep_vector_index(*store_, status_, board_, bus_, wanted));
    }
    /// A session of the owner of the tables.
    auto connect(Deadline deadline) {
        return run(loop_, postgres::Session::connect(cluster_.owner_options("shard-1", "project"),
                                                     deadline));
    }
    VectorIndexFacts facts() {
        const auto found = run(loop_, store_->inspect(Deadline::after(std::chrono::seconds(30))));
        EXPECT_TRUE(found) << found.error().detail;
        return found.value_or(VectorIndexFacts{});
    }

    TestCluster cluster_{TemporaryPostgres::instance()};
    boost::asio::io_context loop_{1};
    std::unique_ptr<intelligence::VectorIndexStore> store_;
    VectorIndexStatus status_;
    intelligence::VectorIndexBoard board_;
    std::vector<std::string> published_;
    async::EventBus bus_;
};

TEST_F(VectorIndexTest, the_one_that_the_schema_made_is_announced_once_and_measured) {
    ASSERT_TRUE(keep());
    ASSERT_TRUE(keep());
    bus_.drain();
    EXPECT_EQ(published_, std::vector<std::string>{"VectorIndexCreated"});
    EXPECT_EQ(status_.state, VectorIndexState::ready);
    EXPECT_EQ(status_.namespaces, 1);
    EXPECT_GT(status_.bytes, 500 * 3 * 4);
    ask("ANALYZE pgmind.memory_entries");
    ASSERT_TRUE(keep());
    EXPECT_EQ(status_.vectors, 500);
}

TEST_F(VectorIndexTest, a_missing_one_is_built_beside_the_writers) {
    ask("DROP INDEX pgmind.memory_entries_vectors");
    EXPECT_FALSE(facts().exists);
    const auto kept = keep();
    ASSERT_TRUE(kept) << kept.error().detail;
    EXPECT_TRUE(facts().valid);
    EXPECT_EQ(ask("SELECT nodes FROM ruhnsw_index_stats('pgmind.memory_entries_vectors')"), "500");
}

TEST_F(VectorIndexTest, what_a_failed_build_left_is_made_anew) {
    ask("UPDATE pg_index SET indisvalid = false "
        "WHERE indexrelid = 'pgmind.memory_entries_vectors'::regclass");
    EXPECT_TRUE(facts().exists);
    EXPECT_FALSE(facts().valid);
    const auto kept = keep();
    ASSERT_TRUE(kept) << kept.error().detail;
    EXPECT_TRUE(facts().valid);
}

// A transaction that has written to the table makes the build wait for it.
TEST_F(VectorIndexTest, a_build_that_nobody_wants_any_more_is_cancelled_and_begun_again) {
    ask("DROP INDEX pgmind.memory_entries_vectors");
    const Deadline deadline = Deadline::after(std::chrono::seconds(30));
    auto writer = connect(deadline);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(run(loop_, writer->script("BEGIN; DELETE FROM pgmind.memory_entries "
                                          "WHERE key = '1'",
                                          deadline)));
    bool asked = false;
    EXPECT_FALSE(keep([&] { return !std::exchange(asked, true); }));
    EXPECT_EQ(status_.state, VectorIndexState::absent);
    EXPECT_NE(status_.problem, "");
    ASSERT_TRUE(run(loop_, writer->script("COMMIT", deadline)));
    EXPECT_FALSE(facts().valid);
    const auto kept = keep();
    ASSERT_TRUE(kept) << kept.error().detail;
    EXPECT_TRUE(facts().valid);
    EXPECT_EQ(status_.problem, "");
}

TEST_F(VectorIndexTest, nobody_builds_while_another_does) {
    ask("DROP INDEX pgmind.memory_entries_vectors");
    const Deadline deadline = Deadline::after(std::chrono::seconds(30));
    auto other = connect(deadline);
    ASSERT_TRUE(other);
    ASSERT_TRUE(run(loop_, other->script("SELECT pg_advisory_lock("
                                         "hashtextextended('pgmind.memory_entries_vectors', 0))",
                                         deadline)));
    ASSERT_TRUE(keep());
    EXPECT_FALSE(facts().exists);
}

}  // namespace
}  // namespace pgmind::memory::testing
