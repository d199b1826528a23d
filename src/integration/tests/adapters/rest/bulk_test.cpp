#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using memory::Scope;
using testing::HeaderList;
using testing::make_entry;

const HeaderList kNdjson = {{"Content-Type", "application/x-ndjson"}};

class BulkTest : public testing::RestTest {
  protected:
    Answer import_lines(std::string target, std::vector<std::string> chunks, HeaderList headers) {
        testing::FakeExchange exchange;
        exchange.request.method = "POST";
        headers.emplace_back("Host", "localhost");
        headers.emplace_back("Content-Type", "application/x-ndjson");
        for (auto& [name, value] : headers) {
            exchange.request.headers.add(name, value);
        }
        if (!exchange.request.headers.find("Authorization")) {
            exchange.request.headers.add("Authorization", "Bearer admin");
        }
        EXPECT_TRUE(http::parse_target(target, exchange.request));
        exchange.chunks = {chunks.begin(), chunks.end()};
        return run(exchange);
    }
};

TEST_F(BulkTest, ImportsLinesHoweverTheyAreCut) {
    const auto answer = import_lines(
        "/api/v1/namespaces/notes/import?scope=shared",
        {"{\"key\":\"a\",\"value\":1}\n\n{\"ke", "y\":\"b\",\"value\"",
         ":{\"x\": 2.50},\"ttl_seconds\":9}\r\n", "  \n", "{\"key\":\"c\",\"value\":null}"},
        {});
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.at({"done"}), "true");
    EXPECT_EQ(answer.at({"stored"}), "3");
    EXPECT_EQ(answer.at({"lines"}), "5");
    ASSERT_EQ(memory_.imported.size(), 1u);
    const auto& batch = memory_.imported[0];
    ASSERT_EQ(batch.size(), 3u);
    EXPECT_EQ(batch[1].key, "b");
    EXPECT_EQ(batch[1].value_json, R"({"x": 2.50})");
    EXPECT_EQ(batch[1].namespace_name, "notes");
    EXPECT_EQ(batch[1].scope, Scope::shared);
    EXPECT_EQ(batch[2].key, "c");
    EXPECT_EQ(memory_.import_options.access.allowed, std::vector<std::string>{"notes"});
    ASSERT_EQ(security_.records.size(), 1u);
    EXPECT_EQ(security_.records[0].resource, "memory:notes");
}

TEST_F(BulkTest, RenamesLinesOfOtherNamespacesWhereAsked) {
    const std::string line = "{\"namespace\":\"a\",\"key\":\"k\",\"value\":1}\n";
    EXPECT_EQ(import_lines("/api/v1/namespaces/b/import", {line}, {}).status, 400u);
    const auto answer = import_lines("/api/v1/namespaces/b/import?rename=true", {line}, {});
    EXPECT_EQ(answer.status, 200u) << answer.body;
    ASSERT_EQ(memory_.imported.size(), 1u);
    EXPECT_EQ(memory_.imported[0][0].namespace_name, "b");
    EXPECT_EQ(security_.authorized.back(), "write memory b");
    expect_problem(import_lines("/api/v1/import?rename=true", {line}, {}), 400, "invalid_argument",
                   "rename");
}

TEST_F(BulkTest, BatchesByRows) {
    std::string lines;
    for (int i = 0; i < 12'000; ++i) {
        lines += R"({"key":")" + std::to_string(i) + "\",\"value\":1}\n";
    }
    const auto answer = import_lines("/api/v1/namespaces/notes/import", {lines}, {});
    EXPECT_EQ(answer.at({"stored"}), "12000");
    ASSERT_EQ(memory_.imported.size(), 3u);
    EXPECT_EQ(memory_.imported[0].size(), 5000u);
    EXPECT_EQ(memory_.imported[2].size(), 2000u);
}

TEST_F(BulkTest, TakesBackWhatAnExportWrote) {
    const std::string past = "2020-01-01T00:00:00Z";
    const auto answer = import_lines(
        "/api/v1/import",
        {R"({"scope":"project","namespace":"n","key":"k","id":"x","value":1,"metadata":{},)"
         R"("version":3,"created_at":")" +
         past + R"(","updated_at":")" + past + R"(","expires_at":null})" + "\n" +
         R"({"namespace":"n","key":"gone","value":1,"expires_at":")" + past + "\"}\n" +
         R"({"namespace":"n","key":"later","value":1,"expires_at":")" +
         format_time(system_clock().now() + std::chrono::hours(1)) + "\"}\n"},
        {});
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.at({"stored"}), "2");
    EXPECT_EQ(answer.at({"skipped_expired"}), "1");
    ASSERT_EQ(memory_.imported.size(), 1u);
    EXPECT_FALSE(memory_.imported[0][0].ttl);
    EXPECT_NEAR(static_cast<double>(memory_.imported[0][1].ttl->count()), 3600, 2);
}

TEST_F(BulkTest, NamesTheLineAtFaultAndWhatWasStoredBefore) {
    std::string lines;
    for (int i = 0; i < 5000; ++i) {
        lines += R"({"key":")" + std::to_string(i) + "\",\"value\":1}\n";
    }
    struct Case {
        const char* line;
        const char* field;
    };
    for (const Case& one :
         std::vector<Case>{{R"({"key":"x"})", "value"},
                           {R"({"key":"x","value":1,"metadata":1})", "metadata"},
                           {R"({"key":"x","value":)", "value"},
                           {R"({"value":1})", "key"},
                           {R"({"key":"x","value":1,"z":1})", "z"},
                           {R"({"key":"x","value":1,"namespace":"other"})", "namespace"},
                           {R"({"key":"x","value":1,"expires_at":"soon"})", "expires_at"},
                           {"[]", ""}}) {
        const auto answer =
            import_lines("/api/v1/namespaces/notes/import", {lines, one.line, "\n"}, {});
        expect_problem(answer, 400, "invalid_argument", one.field);
        EXPECT_EQ(answer.at({"line"}), "5001");
        EXPECT_TRUE(answer.at({"detail"}).starts_with("line 5001: ")) << answer.body;
        EXPECT_EQ(answer.at({"progress", "stored"}), "5000");
        EXPECT_EQ(last_outcome(), "invalid_argument");
    }
}

TEST_F(BulkTest, SaysWhichLineMemoryRefused) {
    memory_.error = invalid_argument("key", "line 4: must not be empty");
    const auto answer =
        import_lines("/api/v1/namespaces/notes/import",
                     {"\n{\"key\":\"a\",\"value\":1}\n\n", "{\"key\":\"\",\"value\":1}\n"}, {});
    expect_problem(answer, 400, "invalid_argument", "key");
    EXPECT_EQ(answer.at({"line"}), "4");
    EXPECT_EQ(memory_.refused_lines, (std::vector<std::int64_t>{2, 4}));
}

TEST_F(BulkTest, ALineOfAnotherNamespaceNeedsItsPermission) {
    const HeaderList agent = {{"Authorization", "Bearer agent"}};
    const std::string good = R"({"namespace":"agent-1","key":"k","value":1})";
    const std::string bad = R"({"namespace":"secret","key":"k","value":1})";
    auto answer = import_lines("/api/v1/import", {good + "\n" + bad + "\n"}, agent);
    expect_problem(answer, 403, "permission_denied", "");
    EXPECT_EQ(answer.at({"line"}), "2");
    EXPECT_EQ(security_.authorized.back(), "write memory secret");
    EXPECT_TRUE(memory_.imported.empty());
    EXPECT_EQ(security_.records.back().resource, "memory:agent-1");
    EXPECT_EQ(security_.records.back().outcome, "permission_denied");
    answer = import_lines("/api/v1/import", {R"({"key":"k","value":1})"}, agent);
    expect_problem(answer, 400, "invalid_argument", "namespace");
}

TEST_F(BulkTest, TellsProgressAsLinesWhenAsked) {
    const HeaderList headers = {{"Accept", "application/x-ndjson"}};
    auto answer =
        import_lines("/api/v1/namespaces/notes/import", {R"({"key":"a","value":1})"}, headers);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(answer.streamed && answer.finished);
    EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
    EXPECT_EQ(answer.body,
              "{\"done\":true,\"lines\":1,\"stored\":1,\"skipped_expired\":0,\"bytes\":10}\n");
    EXPECT_EQ(security_.records.size(), 1u);
    // Nothing was sent yet: the status can still say it.
    answer = import_lines("/api/v1/namespaces/notes/import", {"nonsense"}, headers);
    EXPECT_EQ(answer.status, 400u);
    security_.record_error = Error(BaseErrc::unavailable, "the audit log is full");
    answer = import_lines("/api/v1/namespaces/notes/import", {R"({"key":"a","value":1})"}, headers);
    EXPECT_NE(answer.body.find("unavailable"), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find("\"done\":true"), std::string::npos);
}

TEST_F(BulkTest, AnImportWithoutLinesStoresNothing) {
    const auto answer = import_lines("/api/v1/import", {}, {});
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.at({"stored"}), "0");
}

TEST_F(BulkTest, ImportsOnlyNdjson) {
    expect_problem(send("POST", "/api/v1/import", {{"Content-Type", "application/json"}}, "[]"),
                   415, "unsupported_media_type", "Content-Type");
    expect_problem(send("POST", "/api/v1/import?scope=both", kNdjson, "{}"), 400,
                   "invalid_argument", "scope");
}

TEST_F(BulkTest, ExportsLineByLine) {
    memory_.exported = {{make_entry("notes", "a", "1"), make_entry("notes", "b", "2")},
                        {make_entry("notes", "c", "3")}};
    const auto answer = send("GET", "/api/v1/namespaces/notes/export?scope=both");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(answer.streamed && answer.finished);
    EXPECT_EQ(std::count(answer.body.begin(), answer.body.end(), '\n'), 3);
    EXPECT_TRUE(answer.body.starts_with(R"({"scope":"project","namespace":"notes","key":"a")"));
    EXPECT_EQ(memory_.name, "notes");
    EXPECT_EQ(memory_.scope, Scope::both);
    EXPECT_EQ(memory_.access.allowed, std::vector<std::string>{"notes"});
    EXPECT_EQ(security_.records.size(), 1u);
}

TEST_F(BulkTest, ExportsAllThatTheCallerMayRead) {
    const auto answer = send("GET", "/api/v1/export", {{"Authorization", "Bearer agent"}});
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(answer.streamed && answer.finished);
    EXPECT_TRUE(answer.body.empty());
    EXPECT_EQ(memory_.access.allowed, std::vector<std::string>{"agent-*"});
}

TEST_F(BulkTest, HeadOfAnExportReadsNothing) {
    const auto answer = send("HEAD", "/api/v1/export");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
    EXPECT_EQ(memory_.calls, 0);
}

TEST_F(BulkTest, NothingLeavesBeforeItIsRecorded) {
    memory_.exported = {{make_entry("notes", "a", "1")}};
    security_.record_error = Error(BaseErrc::unavailable, "the audit log is full");
    const auto answer = send("GET", "/api/v1/namespaces/notes/export");
    expect_problem(answer, 503, "unavailable", "");
}

TEST_F(BulkTest, AnExportThatBreaksOffHasNoEnd) {
    memory_.exported = {
        std::vector<memory::Entry>(500, make_entry("n", "k", std::string(300, '1')))};
    memory_.export_error = Error(BaseErrc::unavailable, "the shard went away");
    const auto answer = send("GET", "/api/v1/namespaces/n/export");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(answer.streamed);
    EXPECT_FALSE(answer.finished);
}

TEST_F(BulkTest, AnExportThatCannotBeginSaysWhy) {
    memory_.error = Error(testing::FakeSecurity::make_code(Failure::not_found), "no namespace");
    expect_problem(send("GET", "/api/v1/namespaces/n/export"), 404, "not_found", "");
    EXPECT_EQ(last_outcome(), "not_found");
}

}  // namespace
}  // namespace pgmind::integration
