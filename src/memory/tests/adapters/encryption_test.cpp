#include "memory/tests/adapters/memory_fixture.hpp"
#include "security/adapters/encryption_runtime.hpp"
#include "security/tests/adapters/coordinator.hpp"

namespace pgmind::memory::testing {
namespace {

using security::Encryption;
using security::EncryptionRuntime;
using security::testing::Coordinator;
using security::testing::soon;

const std::string kKek = "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const std::string kHmac(32, 'h');

const Coordinator& coordinator() {
    static const Coordinator made(TemporaryPostgres::instance());
    return made;
}

std::unique_ptr<EncryptionRuntime> start_runtime() {
    auto started =
        EncryptionRuntime::start({coordinator().gateway(), {"", kKek, ""}, kHmac}, soon());
    if (!started) {
        throw std::runtime_error(started.error().detail);
    }
    return std::move(*started);
}

/// Two gateways over one cluster: what one encrypts the other must not write in the clear.
class EncryptionTest : public MemoryFixture {
  protected:
    EncryptionTest() : keys_(start_runtime()), other_keys_(start_runtime()) {
        memory_ = make_memory(pools_, test_cluster(), *intelligence_, keys_->encryption(), events_);
        other_ =
            make_memory(pools_, test_cluster(), *intelligence_, other_keys_->encryption(), events_);
    }

    Result<Namespace> create(bool encrypted) {
        NamespaceRequest request;
        request.name = name_;
        request.encrypted = encrypted;
        return run(loop_, memory_->create_namespace(request_, std::move(request)));
    }
    StoreRequest secret(const std::string& key) {
        StoreRequest request = entry(name_, key, R"({"plain" : "needle-value"})");
        request.text = "needle-text";
        request.metadata_json = R"({"tag": "needle-metadata"})";
        return request;
    }
    Result<StoreResult> store_by(Memory& memory, StoreRequest entry) {
        return run(loop_, memory.store(request_, std::move(entry)));
    }
    Result<Entry> get_by(Memory& memory, const std::string& key) {
        return run(loop_, memory.retrieve(request_, {Scope::project, name_, key}, false));
    }
    Result<ImportProgress> import_by(Memory& memory, std::vector<StoreRequest> entries) {
        ImportOptions options;
        options.access.allowed = {"*"};
        auto source = [&entries, done = false]() mutable { return give(entries, done); };
        auto importing = memory.import_entries(request_, options, source, [](const auto&) {});
        return run(loop_, std::move(importing));
    }
    static Task<Result<std::optional<std::vector<StoreRequest>>>> give(
        std::vector<StoreRequest>& entries, bool& done) {
        if (done) {
            co_return std::nullopt;
        }
        done = true;
        co_return entries;
    }
    std::vector<Entry> exported(Memory& memory, const std::string& name) {
        std::vector<Entry> all;
        const EntrySink sink = [&all](const std::vector<Entry>& some) { return keep(all, some); };
        auto exporting = memory.export_entries(request_, Scope::project, name, {{"*"}, {}}, sink);
        const auto count = run(loop_, std::move(exporting));
        EXPECT_TRUE(count) << count.error().detail;
        return all;
    }
    static Task<Result<void>> keep(std::vector<Entry>& all, const std::vector<Entry>& some) {
        all.insert(all.end(), some.begin(), some.end());
        co_return Result<void>();
    }
    static Task<void> both(std::vector<Task<Result<StoreResult>>> writes,
                           std::vector<Task<Result<std::int64_t>>> rotations, int& failed) {
        const Executor executor = co_await async::this_executor();
        int rotating = 1;
        async::spawn(executor, rotate(std::move(rotations.front()), failed, rotating));
        const auto written = co_await async::when_all(std::move(writes));
        for (const auto& one : written) {
            failed += one ? 0 : 1;
        }
        while (rotating > 0) {
            co_await async::wait_for(std::chrono::milliseconds(1));
        }
    }
    static Task<void> rotate(Task<Result<std::int64_t>> rotation, int& failed, int& rotating) {
        const auto rotated = co_await std::move(rotation);
        failed += rotated ? 0 : 1;
        --rotating;
    }
    std::string in_database(const std::string& sql) { return test_cluster().ask(name_, sql); }
    std::string stored_text() {
        return in_database(
            "SELECT string_agg(to_jsonb(e)::text, ' ') FROM pgmind.memory_entries e "
            "WHERE namespace = '" +
            name_ + "'");
    }

    std::string name_ = fresh_namespace();
    std::unique_ptr<EncryptionRuntime> keys_;
    std::unique_ptr<EncryptionRuntime> other_keys_;
    std::unique_ptr<Memory> other_;
};

TEST_F(EncryptionTest, nothing_of_an_entry_is_stored_in_the_clear) {
    const auto made = create(true);
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_TRUE(made->encrypted);
    const auto stored = store(secret("a"));
    ASSERT_TRUE(stored) << stored.error().detail;
    EXPECT_EQ(stored->entry.metadata_json, R"({"tag": "needle-metadata"})");
    const auto read = get_by(*memory_, "a");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->value_json, R"({"plain":"needle-value"})");
    EXPECT_EQ(read->text, "needle-text");
    EXPECT_EQ(read->metadata_json, R"({"tag":"needle-metadata"})");
    EXPECT_EQ(stored_text().find("needle"), std::string::npos) << stored_text();
    EXPECT_EQ(
        in_database("SELECT tsv = '' FROM pgmind.memory_entries WHERE namespace = '" + name_ + "'"),
        "t");
}

TEST_F(EncryptionTest, another_gateway_that_does_not_know_yet_encrypts_too) {
    ASSERT_TRUE(create(true));
    const auto stored = store_by(*other_, secret("a"));
    ASSERT_TRUE(stored) << stored.error().detail;
    ASSERT_TRUE(import_by(*other_, {secret("b")}));
    EXPECT_EQ(stored_text().find("needle"), std::string::npos);
    EXPECT_EQ(get_by(*memory_, "b")->text, "needle-text");
}

TEST_F(EncryptionTest, lists_imports_and_exports) {
    ASSERT_TRUE(create(true));
    const auto imported = import_by(*memory_, {secret("a"), secret("b"), secret("a")});
    ASSERT_TRUE(imported) << imported.error().detail;
    EXPECT_EQ(stored_text().find("needle"), std::string::npos);
    ListRequest query;
    query.namespace_name = name_;
    const auto page = run(loop_, other_->list(request_, query));
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_EQ(page->entries.size(), 2u);
    EXPECT_EQ(page->entries[1].text, "needle-text");
    EXPECT_EQ(exported(*other_, name_).at(1).value_json, R"({"plain":"needle-value"})");
    const auto statistics =
        run(loop_, memory_->namespace_statistics(request_, Scope::project, name_));
    EXPECT_TRUE(statistics->details.encrypted);
    EXPECT_EQ(statistics->entries, 2);
}

TEST_F(EncryptionTest, is_searched_by_vector_and_by_nothing_else) {
    ASSERT_TRUE(create(true));
    StoreRequest vector = secret("a");
    vector.embedding = std::vector<float>{1, 0};
    ASSERT_TRUE(store(vector));
    SearchRequest query;
    query.namespaces = {name_};
    query.access.allowed = {"*"};
    query.embedding = std::vector<float>{1, 0};
    query.query = "needle";
    const auto found = search(query);
    ASSERT_TRUE(found) << found.error().detail;
    ASSERT_EQ(found->hits.size(), 1u);
    EXPECT_EQ(found->hits[0].entry.text, "needle-text");
    EXPECT_EQ(found->notes.size(), 1u);
    query.mode = SearchMode::text;
    EXPECT_EQ(search(query).error().field, "mode");
    query.mode = SearchMode::vector;
    Filter tag;
    tag.operation = FilterOperator::not_equal;
    tag.path = {"tag"};
    tag.values = {std::string("other")};
    query.filter = tag;
    EXPECT_EQ(search(query).error().field, "filter");
    ListRequest list;
    list.namespace_name = name_;
    list.filter = tag;
    EXPECT_EQ(run(loop_, memory_->list(request_, list)).error().field, "filter");
    query.namespaces.clear();
    query.access.allowed = {name_};
    const auto over_all = search(query);
    ASSERT_TRUE(over_all) << over_all.error().detail;
    EXPECT_TRUE(over_all->hits.empty());
    EXPECT_EQ(over_all->notes.size(), 1u);
}

TEST_F(EncryptionTest, a_repeated_request_with_an_idempotency_key_is_the_same) {
    ASSERT_TRUE(create(true));
    StoreRequest once = secret("a");
    once.idempotency_key = "once";
    ASSERT_TRUE(store(once));
    const auto again = store_by(*other_, once);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(stored_text().find("fingerprint"), std::string::npos);
    once.text = "other";
    const auto differs = store(once);
    ASSERT_FALSE(differs);
    EXPECT_EQ(differs.error().reason, kIdempotencyKeyReused);
}

TEST_F(EncryptionTest, is_chosen_before_the_first_entry_and_for_good) {
    ASSERT_TRUE(store(entry(name_, "a", "1")));
    const auto late = create(true);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().field, "encrypted");
    // The attempt left nothing behind.
    ASSERT_TRUE(store(entry(name_, "b", "2")));
    EXPECT_EQ(get_by(*memory_, "b")->value_json, "2");
    name_ = fresh_namespace();
    ASSERT_TRUE(create(false));
    ASSERT_TRUE(create(true));
    ASSERT_TRUE(create(true));
    EXPECT_EQ(create(false).error().field, "encrypted");
}

TEST_F(EncryptionTest, sql_clients_cannot_write_plaintext_into_it) {
    ASSERT_TRUE(create(true));
    EXPECT_ANY_THROW(in_database("SELECT pgmind.memory_store('" + name_ + "', 'a', '1')"));
    const auto fake = store(entry(fresh_namespace(), "a", R"({"$sealed": "AQAAAAAAAAAB"})"));
    ASSERT_FALSE(fake);
    EXPECT_TRUE(fake.error().is(Failure::invalid_argument)) << fake.error().detail;
}

TEST_F(EncryptionTest, a_value_that_was_moved_or_changed_does_not_open) {
    ASSERT_TRUE(create(true));
    ASSERT_TRUE(store(secret("a")));
    ASSERT_TRUE(store(secret("b")));
    in_database(
        "UPDATE pgmind.memory_entries e SET value = (SELECT value FROM "
        "pgmind.memory_entries o WHERE o.namespace = e.namespace AND o.key = 'a') "
        "WHERE e.namespace = '" +
        name_ + "' AND e.key = 'b'");
    EXPECT_TRUE(get_by(*memory_, "a"));
    const auto moved = get_by(*memory_, "b");
    ASSERT_FALSE(moved);
    EXPECT_TRUE(moved.error().is(Failure::internal));
}

TEST_F(EncryptionTest, its_key_is_rotated_online_and_an_interrupted_rotation_goes_on) {
    ASSERT_TRUE(create(true));
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(store(secret("k" + std::to_string(i))));
    }
    // The second batch fails, as if the gateway had been killed there.
    in_database(
        "CREATE FUNCTION pgmind.stop_later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        "(SELECT count(*) FROM pgmind.memory_entries e JOIN pgmind.namespaces n USING (namespace) "
        "WHERE pgmind.sealed_under(e.value) = n.sealed_under AND n.namespace = '" +
        name_ +
        "') > 40 THEN RAISE 'killed'; END IF; RETURN NULL; END $$; CREATE TRIGGER stop_later "
        "AFTER UPDATE ON pgmind.memory_entries FOR EACH STATEMENT EXECUTE FUNCTION "
        "pgmind.stop_later()");
    EXPECT_FALSE(run(loop_, memory_->rotate_namespace_key(request_, Scope::project, name_)));
    in_database(
        "DROP TRIGGER stop_later ON pgmind.memory_entries; DROP FUNCTION "
        "pgmind.stop_later()");
    // Half is under each key; everything is there, also for a gateway that knew the old one only.
    EXPECT_EQ(exported(*memory_, name_).size(), 100u);
    EXPECT_EQ(exported(*other_, name_).size(), 100u);
    ASSERT_TRUE(store_by(*other_, secret("k100")));
    const auto rotated = run(loop_, other_->rotate_namespace_key(request_, Scope::project, name_));
    ASSERT_TRUE(rotated) << rotated.error().detail;
    EXPECT_EQ(*rotated, 68);
    EXPECT_EQ(in_database("SELECT count(DISTINCT pgmind.sealed_under(value)) FROM "
                          "pgmind.memory_entries WHERE namespace = '" +
                          name_ + "'"),
              "1");
    EXPECT_EQ(coordinator().ask("SELECT count(*) FROM pgmind.data_keys WHERE namespace = '" +
                                name_ + "'"),
              "1");
    EXPECT_EQ(exported(*memory_, name_).size(), 101u);
    EXPECT_EQ(get_by(*memory_, "k7")->version, 1);
}

TEST_F(EncryptionTest, writes_by_all_gateways_go_on_while_keys_are_rotated) {
    ASSERT_TRUE(create(true));
    std::vector<Task<Result<StoreResult>>> writes;
    std::vector<Task<Result<std::int64_t>>> rotations;
    for (int i = 0; i < 300; ++i) {
        Memory& writer = i % 2 == 0 ? *memory_ : *other_;
        writes.push_back(writer.store(request_, secret("k" + std::to_string(i))));
    }
    rotations.push_back(memory_->rotate_namespace_key(request_, Scope::project, name_));
    int failed = 0;
    run(loop_, both(std::move(writes), std::move(rotations), failed));
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(exported(*other_, name_).size(), 300u);
}

TEST_F(EncryptionTest, a_shredded_namespace_says_so_to_every_reader) {
    ASSERT_TRUE(create(true));
    StoreRequest vector = secret("a");
    vector.embedding = std::vector<float>{1, 0};
    ASSERT_TRUE(store(vector));
    ASSERT_TRUE(get_by(*other_, "a"));
    EXPECT_EQ(run(loop_, memory_->shred_namespace(request_, Scope::project, name_)).value(), 1);
    ASSERT_TRUE(run(loop_, other_keys_->encryption().refresh(soon())));
    for (Memory* memory : {memory_.get(), other_.get()}) {
        EXPECT_EQ(get_by(*memory, "a").error().reason, security::kKeyDestroyed);
        EXPECT_EQ(store_by(*memory, secret("b")).error().reason, security::kKeyDestroyed);
        ListRequest list;
        list.namespace_name = name_;
        EXPECT_EQ(run(loop_, memory->list(request_, list)).error().reason, security::kKeyDestroyed);
        SearchRequest query;
        query.access.allowed = {"*"};
        query.mode = SearchMode::vector;
        query.embedding = std::vector<float>{1, 0};
        query.namespaces = {name_};
        EXPECT_EQ(run(loop_, memory->search(request_, query)).error().reason,
                  security::kKeyDestroyed);
        query.namespaces.clear();
        query.access.allowed = {"test/*"};
        const auto over_all = run(loop_, memory->search(request_, query));
        ASSERT_TRUE(over_all) << over_all.error().detail;
        for (const SearchHit& hit : over_all->hits) {
            EXPECT_NE(hit.entry.namespace_name, name_);
        }
    }
    ASSERT_TRUE(run(loop_, memory_->remove_namespace(request_, Scope::project, name_)));
    ASSERT_TRUE(store(secret("a")));
    EXPECT_EQ(get_by(*memory_, "a")->text, "needle-text");
}

TEST_F(EncryptionTest, needs_a_gateway_with_keys) {
    memory_ = make_memory(pools_, test_cluster(), *intelligence_, events_);
    const auto made = create(true);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().is(Failure::not_supported));
    EXPECT_FALSE(run(loop_, memory_->shred_namespace(request_, Scope::project, name_)));
}

}  // namespace
}  // namespace pgmind::memory::testing
