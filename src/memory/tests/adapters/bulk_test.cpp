#include <deque>

#include "memory/tests/adapters/memory_fixture.hpp"

namespace pgmind::memory::testing {
namespace {

using Batch = std::vector<StoreRequest>;

Task<Result<std::optional<Batch>>> next_of(std::deque<Batch>& batches) {
    if (batches.empty()) {
        co_return std::optional<Batch>();
    }
    Batch batch = std::move(batches.front());
    batches.pop_front();
    co_return std::optional<Batch>(std::move(batch));
}

Task<Result<void>> append_to(std::vector<Entry>& all, const std::vector<Entry>& some) {
    all.insert(all.end(), some.begin(), some.end());
    co_return Result<void>();
}

class BulkTest : public MemoryFixture {
  protected:
    Result<ImportProgress> import_all(std::deque<Batch> batches) {
        ImportOptions options;
        options.access.allowed = {"test/*"};
        progress_.clear();
        return run(loop_, memory_->import_entries(
                              request_, options, [&batches] { return next_of(batches); },
                              [this](const ImportProgress& one) { progress_.push_back(one); }));
    }
    std::vector<Entry> export_all(const std::string& name, NamespaceAccess access) {
        std::vector<Entry> all;
        const auto count = run(
            loop_, memory_->export_entries(
                       request_, Scope::both, name, std::move(access),
                       [&all](const std::vector<Entry>& some) { return append_to(all, some); }));
        EXPECT_TRUE(count) << count.error().detail;
        EXPECT_EQ(static_cast<std::size_t>(count.value_or(0)), all.size());
        return all;
    }
    Batch numbered(const std::string& name, int begin, int end) {
        Batch batch;
        for (int i = begin; i < end; ++i) {
            batch.push_back(entry(name, std::to_string(i), std::to_string(i)));
        }
        return batch;
    }

    std::string name_ = fresh_namespace();
    std::vector<ImportProgress> progress_;
};

TEST_F(BulkTest, what_was_imported_is_exported_again) {
    Batch batch;
    StoreRequest full = entry(name_, "tab\\and 'quote' \"ü\"", R"({"a": "x\ty\\n"})");
    full.text = "words\nover\tlines \\N";
    full.metadata_json = R"({"lang": "en"})";
    full.embedding = std::vector<float>{0.1F, -2.5F};
    full.ttl = std::chrono::seconds(100);
    batch.push_back(full);
    batch.push_back(entry(name_, "plain", "null"));
    const auto imported = import_all({batch});
    ASSERT_TRUE(imported) << imported.error().detail;
    EXPECT_EQ(imported->lines, 2);
    EXPECT_EQ(imported->stored, 2);
    EXPECT_GT(imported->bytes, 0);

    const std::vector<Entry> all = export_all(name_, {{"*"}, {}});
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].key, "plain");
    EXPECT_EQ(all[0].text, "");
    EXPECT_FALSE(all[0].expires_at);
    EXPECT_FALSE(all[0].embedding);
    const Entry& one = all[1];
    EXPECT_EQ(one.key, full.key);
    EXPECT_EQ(one.value_json, full.value_json);
    EXPECT_EQ(one.text, *full.text);
    EXPECT_EQ(one.metadata_json, full.metadata_json);
    EXPECT_EQ(one.embedding, full.embedding);
    EXPECT_EQ(*one.expires_at - one.created_at, std::chrono::seconds(100));
    const auto stored = retrieve(name_, full.key);
    ASSERT_TRUE(stored);
    EXPECT_EQ(one.entry_id, stored->entry_id);
    EXPECT_EQ(one.created_at, stored->created_at);
    EXPECT_EQ(one.updated_at, stored->updated_at);
    EXPECT_EQ(one.expires_at, stored->expires_at);
}

TEST_F(BulkTest, lines_go_to_their_namespaces_on_all_shards) {
    std::deque<Batch> batches;
    for (int i = 0; i < 4; ++i) {
        Batch batch;
        for (int j = 0; j < 100; ++j) {
            batch.push_back(
                entry(name_ + "/" + std::to_string(j % 10), std::to_string(i * 100 + j), "1"));
        }
        batches.push_back(std::move(batch));
    }
    const auto imported = import_all(std::move(batches));
    ASSERT_TRUE(imported) << imported.error().detail;
    EXPECT_EQ(imported->stored, 400);
    ASSERT_FALSE(progress_.empty());
    EXPECT_EQ(progress_.back().stored, 400);
    EXPECT_EQ(export_all("", {{name_ + "/*"}, {}}).size(), 400U);
    EXPECT_EQ(export_all("", {{name_ + "/*"}, {name_ + "/3"}}).size(), 360U);
    EXPECT_EQ(export_all("", {{name_ + "/1", name_ + "/2"}, {}}).size(), 80U);
    EXPECT_TRUE(export_all("", {}).empty());
    EXPECT_TRUE(export_all(name_ + "/3", {{"*"}, {name_ + "/3"}}).empty());
}

TEST_F(BulkTest, of_two_lines_with_one_key_the_last_counts) {
    Batch batch = numbered(name_, 0, 3);
    batch.push_back(entry(name_, "1", "\"last\""));
    const auto imported = import_all({batch});
    ASSERT_TRUE(imported) << imported.error().detail;
    EXPECT_EQ(imported->lines, 4);
    EXPECT_EQ(imported->stored, 3);
    EXPECT_EQ(retrieve(name_, "1")->value_json, "\"last\"");
    EXPECT_EQ(retrieve(name_, "1")->version, 1);
}

TEST_F(BulkTest, what_is_there_is_replaced_and_its_version_grows) {
    ASSERT_TRUE(store(entry(name_, "1", "\"old\"")));
    const auto before = retrieve(name_, "1");
    ASSERT_TRUE(import_all({numbered(name_, 0, 3)}));
    const auto after = retrieve(name_, "1");
    ASSERT_TRUE(after);
    EXPECT_EQ(after->value_json, "1");
    EXPECT_EQ(after->version, 2);
    EXPECT_EQ(after->entry_id, before->entry_id);
    EXPECT_EQ(after->created_at, before->created_at);
}

TEST_F(BulkTest, a_batch_is_stored_wholly_or_not_at_all) {
    Batch bad = numbered(name_, 10, 20);
    bad[7].source_line = 18;
    bad[7].value_json = "\"\\ud800\"";
    const auto imported = import_all({numbered(name_, 0, 10), bad});
    ASSERT_FALSE(imported);
    EXPECT_TRUE(imported.error().is(Failure::invalid_argument));
    EXPECT_EQ(imported.error().field, "value");
    EXPECT_NE(imported.error().detail.find("line 18"), std::string::npos)
        << imported.error().detail;
    EXPECT_EQ(export_all(name_, {{"*"}, {}}).size(), 10U);
}

TEST_F(BulkTest, vectors_of_two_lengths_are_refused) {
    Batch batch = numbered(name_, 0, 2);
    batch[0].embedding = std::vector<float>{1, 2};
    batch[1].embedding = std::vector<float>{1, 2, 3};
    batch[1].source_line = 2;
    const auto within = import_all({batch});
    ASSERT_FALSE(within);
    EXPECT_EQ(within.error().field, "embedding");
    EXPECT_NE(within.error().detail.find('3'), std::string::npos) << within.error().detail;
    batch.pop_back();
    ASSERT_TRUE(import_all({batch}));
    batch[0].embedding = std::vector<float>{1};
    const auto against = import_all({batch});
    ASSERT_FALSE(against);
    EXPECT_EQ(against.error().field, "embedding");
}

TEST_F(BulkTest, faulty_lines_are_named) {
    Batch batch = numbered(name_, 0, 2);
    batch[1].source_line = 42;
    batch[1].key = "";
    const auto invalid = import_all({batch});
    ASSERT_FALSE(invalid);
    EXPECT_EQ(invalid.error().field, "key");
    EXPECT_NE(invalid.error().detail.find("42"), std::string::npos) << invalid.error().detail;
    batch[1] = entry("elsewhere", "k", "1");
    batch[1].source_line = 43;
    const auto refused = import_all({batch});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Failure::permission_denied));
    EXPECT_NE(refused.error().detail.find("43"), std::string::npos) << refused.error().detail;
}

TEST_F(BulkTest, imports_of_the_same_keys_at_once_do_not_deadlock) {
    std::vector<std::deque<Batch>> sources(4);
    std::vector<Task<Result<ImportProgress>>> tasks;
    ImportOptions options;
    options.access.allowed = {"*"};
    for (std::size_t i = 0; i < sources.size(); ++i) {
        for (int round = 0; round < 3; ++round) {
            Batch batch = numbered(name_, 0, 300);
            if (i % 2 == 1) {
                std::reverse(batch.begin(), batch.end());
            }
            sources[i].push_back(std::move(batch));
        }
        std::deque<Batch>& source = sources[i];
        tasks.push_back(memory_->import_entries(
            request_, options, [&source] { return next_of(source); }, [](const auto&) {}));
    }
    for (const auto& imported : run(loop_, async::when_all(std::move(tasks)))) {
        EXPECT_TRUE(imported) << imported.error().detail;
    }
    EXPECT_EQ(retrieve(name_, "7")->version, 12);
}

TEST_F(BulkTest, expired_entries_are_swept) {
    Batch batch = numbered(name_, 0, 30);
    for (StoreRequest& one : batch) {
        one.ttl = std::chrono::seconds(60);
    }
    ASSERT_TRUE(import_all({batch}));
    const std::string of_namespace = " WHERE namespace = '" + name_ + "'";
    test_cluster().ask(name_, "UPDATE pgmind.memory_entries SET expires_at = now()" + of_namespace +
                                  " AND key < '2'");
    EXPECT_EQ(export_all(name_, {{"*"}, {}}).size(), 18U);
    const auto swept = run(loop_, memory_->sweep_expired(request_));
    ASSERT_TRUE(swept) << swept.error().detail;
    EXPECT_GE(*swept, 12);
    EXPECT_EQ(
        test_cluster().ask(name_, "SELECT count(*) FROM pgmind.memory_entries" + of_namespace),
        "18");
}

TEST_F(BulkTest, an_export_sees_one_moment) {
    ASSERT_TRUE(import_all({numbered(name_, 0, 2000)}));
    std::size_t seen = 0;
    bool changed = false;
    const auto exported =
        run(loop_, memory_->export_entries(
                       request_, Scope::project, name_, {{"*"}, {}},
                       [&](const std::vector<Entry>& some) -> Task<Result<void>> {
                           seen += some.size();
                           if (!std::exchange(changed, true)) {
                               test_cluster().ask(
                                   name_, "DELETE FROM pgmind.memory_entries WHERE namespace = '" +
                                              name_ + "'");
                           }
                           return []() -> Task<Result<void>> { co_return Result<void>(); }();
                       }));
    ASSERT_TRUE(exported) << exported.error().detail;
    EXPECT_EQ(seen, 2000U);
    EXPECT_TRUE(export_all(name_, {{"*"}, {}}).empty());
}

}  // namespace
}  // namespace pgmind::memory::testing
