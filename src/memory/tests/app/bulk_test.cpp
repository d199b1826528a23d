#include <deque>

#include "memory/tests/app/fakes.hpp"

namespace pgmind::memory::testing {
namespace {

using Batch = std::vector<StoreRequest>;

Task<Result<std::optional<Batch>>> next_of(std::deque<Batch>& batches, std::optional<Error> last) {
    if (batches.empty() && last) {
        co_return fail(*last);
    }
    if (batches.empty()) {
        co_return std::optional<Batch>();
    }
    Batch batch = std::move(batches.front());
    batches.pop_front();
    co_return std::optional<Batch>(std::move(batch));
}

class BulkServiceTest : public ServiceFixture {
  protected:
    static StoreRequest line(std::string name, std::string key, std::string value) {
        StoreRequest request;
        request.namespace_name = std::move(name);
        request.key = std::move(key);
        request.value_json = std::move(value);
        return request;
    }
    Result<ImportProgress> import_all(std::deque<Batch> batches) {
        ImportOptions options;
        options.access.allowed = {"*"};
        options.access.denied = {"secret"};
        return run(memory_.import_entries(
            request_, options, [&] { return next_of(batches, source_failure_); },
            [this](const ImportProgress& progress) { progress_.push_back(progress.stored); }));
    }

    std::optional<Error> source_failure_;
    std::vector<std::int64_t> progress_;
};

TEST_F(BulkServiceTest, a_batch_is_cut_by_shard_and_the_last_of_a_key_counts) {
    const auto imported = import_all(
        {{line("1", "a", "1"), line("2", "a", "2"), line("1", "a", "3"), line("1", "b", "4")}});
    ASSERT_TRUE(imported) << imported.error().detail;
    EXPECT_EQ(imported->lines, 4);
    EXPECT_EQ(imported->stored, 3);
    ASSERT_EQ(bulk_.written.size(), 2U);
    EXPECT_EQ(bulk_.written[0].first, at("shard-1", Scope::project));
    ASSERT_EQ(bulk_.written[0].second.size(), 2U);
    EXPECT_EQ(bulk_.written[0].second[0].value_json, "3");
    EXPECT_EQ(bulk_.written[1].first, at("shard-2", Scope::project));
}

TEST_F(BulkServiceTest, an_empty_import_is_done_at_once) {
    const auto imported = import_all({});
    ASSERT_TRUE(imported);
    EXPECT_EQ(imported->stored, 0);
}

TEST_F(BulkServiceTest, what_was_written_before_a_failure_stays_reported) {
    source_failure_ = Error(BaseErrc::invalid_argument, "bad line");
    const auto broken = import_all({{line("1", "a", "1")}, {line("1", "b", "1")}});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().detail, "bad line");
    EXPECT_EQ(progress_.back(), 2);
    EXPECT_EQ(bulk_.written.size(), 2U);
}

TEST_F(BulkServiceTest, a_shard_that_fails_ends_the_import) {
    bulk_.steering.fail_at(at("shard-2", Scope::project), Error(BaseErrc::unavailable, "down"));
    const auto broken =
        import_all({{line("1", "a", "1"), line("2", "a", "1")}, {line("1", "b", "1")}});
    ASSERT_FALSE(broken);
    EXPECT_TRUE(broken.error().is(Failure::unavailable));
}

TEST_F(BulkServiceTest, a_line_may_not_leave_the_access) {
    const auto refused = import_all({{line("secret", "a", "1")}});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::permission_denied));
    EXPECT_TRUE(bulk_.written.empty());
}

Task<Result<void>> count_into(std::size_t& count, std::size_t more) {
    count += more;
    co_return Result<void>();
}

TEST_F(BulkServiceTest, an_export_reads_every_place_of_its_scope) {
    std::size_t count = 0;
    const auto sink = [&](const std::vector<Entry>& some) {
        return count_into(count, some.size());
    };
    const auto all = run(memory_.export_entries(request_, Scope::both, "", {{"*"}, {}}, sink));
    ASSERT_TRUE(all);
    EXPECT_EQ(*all, 4);
    EXPECT_EQ(count, 4U);
    bulk_.reads.clear();
    ASSERT_TRUE(run(memory_.export_entries(request_, Scope::shared, "1", {{"*"}, {}}, sink)));
    ASSERT_EQ(bulk_.reads.size(), 1U);
    EXPECT_EQ(bulk_.reads[0].first, at("shard-1", Scope::shared));
    EXPECT_EQ(bulk_.reads[0].second.names, std::vector<std::string>{"1"});
    EXPECT_FALSE(run(memory_.export_entries(request_, Scope::shared, "a*", {}, sink)));
}

TEST_F(BulkServiceTest, an_export_of_nothing_tells_an_empty_namespace_from_a_wrong_name) {
    std::size_t count = 0;
    const auto sink = [&](const std::vector<Entry>& some) {
        return count_into(count, some.size());
    };
    bulk_.nothing_to_read = true;
    const auto unknown =
        run(memory_.export_entries(request_, Scope::shared, "1", {{"*"}, {}}, sink));
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().is(Failure::not_found));
    namespaces_.names[at("shard-1", Scope::shared)]["1"] = 0;
    const auto empty = run(memory_.export_entries(request_, Scope::shared, "1", {{"*"}, {}}, sink));
    ASSERT_TRUE(empty);
    EXPECT_EQ(*empty, 0);
}

TEST_F(BulkServiceTest, a_sweep_goes_on_until_nothing_is_left) {
    bulk_.expired[at("shard-1", Scope::project)] = 2500;
    bulk_.expired[at("shard-2", Scope::shared)] = 1;
    const auto swept = run(memory_.sweep_expired(request_));
    ASSERT_TRUE(swept);
    EXPECT_EQ(*swept, 2501);
    bulk_.steering.fail_at(at("shard-2", Scope::project), Error(BaseErrc::unavailable, "down"));
    EXPECT_FALSE(run(memory_.sweep_expired(request_)));
}

TEST_F(BulkServiceTest, a_namespace_is_removed_batch_by_batch) {
    namespaces_.names[at("shard-1", Scope::project)]["1"] = 12'000;
    const auto removed = run(memory_.remove_namespace(request_, Scope::project, "1"));
    ASSERT_TRUE(removed);
    EXPECT_EQ(*removed, 12'000);
    EXPECT_EQ(namespaces_.removals, 3U);
    EXPECT_EQ(events(), std::vector<std::string>{"NamespaceDeleted"});
    namespaces_.known = false;
    EXPECT_TRUE(run(memory_.remove_namespace(request_, Scope::project, "1"))
                    .error()
                    .is(Failure::not_found));
    EXPECT_FALSE(run(memory_.remove_namespace(request_, Scope::both, "1")));
}

TEST_F(BulkServiceTest, namespaces_are_described_with_their_place) {
    NamespaceRequest wanted;
    wanted.name = "1x";
    const auto made = run(memory_.create_namespace(request_, wanted));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->shard, "shard-1");
    EXPECT_EQ(made->slot, 2);
    ASSERT_TRUE(run(memory_.create_namespace(request_, wanted)));
    EXPECT_EQ(events(), std::vector<std::string>{"NamespaceCreated"});
    namespaces_.names[at("shard-1", Scope::project)]["1x"] = 3;
    namespaces_.names[at("shard-1", Scope::shared)]["1x"] = 4;
    namespaces_.names[at("shard-2", Scope::shared)]["2x"] = 4;
    const auto both = run(memory_.namespace_statistics(request_, Scope::both, "1x"));
    ASSERT_TRUE(both);
    EXPECT_EQ(both->entries, 7);
    EXPECT_EQ(both->details.scope, Scope::project);
    EXPECT_TRUE(run(memory_.namespace_statistics(request_, Scope::both, "1y"))
                    .error()
                    .is(Failure::not_found));
    NamespaceListRequest query;
    query.access.allowed = {"*"};
    query.limit = 2;
    const auto page = run(memory_.list_namespaces(request_, query));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->namespaces.size(), 2U);
    EXPECT_EQ(page->namespaces[0].scope, Scope::project);
    EXPECT_EQ(page->namespaces[1].scope, Scope::shared);
    query.cursor = page->next_cursor;
    const auto rest = run(memory_.list_namespaces(request_, query));
    ASSERT_TRUE(rest);
    ASSERT_EQ(rest->namespaces.size(), 1U);
    EXPECT_EQ(rest->namespaces[0].name, "2x");
    EXPECT_EQ(rest->next_cursor, "");
}

}  // namespace
}  // namespace pgmind::memory::testing
