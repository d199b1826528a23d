#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using memory::Scope;
using memory::StoreMode;
using testing::FakeSecurity;
using testing::make_entry;

constexpr const char* kPath = "/api/v1/namespaces/notes/entries/k";
constexpr const char* kTag = "\"7-0198c8b1-0000-7000-8000-000000000001\"";

class EntriesTest : public testing::RestTest {
  protected:
    EntriesTest() {
        memory_.store_result.entry = make_entry("notes", "k", "");
        memory_.store_result.created = true;
    }
};

TEST_F(EntriesTest, StoresAndSaysWhereTheEntryIs) {
    const auto answer = send("PUT", "/api/v1/namespaces/a%2Fb/entries/x%20y%2Fz?scope=shared", {},
                             R"({"value":{"n": 1.10},"metadata":{"a":1},"ttl_seconds":5})");
    EXPECT_EQ(answer.status, 201u) << answer.body;
    EXPECT_EQ(answer.header("ETag"), kTag);
    EXPECT_EQ(answer.header("Location"), kPath);
    EXPECT_EQ(answer.at({"created"}), "true");
    EXPECT_EQ(answer.at({"version"}), "7");
    EXPECT_EQ(memory_.stored.namespace_name, "a/b");
    EXPECT_EQ(memory_.stored.key, "x y/z");
    EXPECT_EQ(memory_.stored.scope, Scope::shared);
    EXPECT_EQ(memory_.stored.value_json, R"({"n": 1.10})");
    EXPECT_EQ(memory_.stored.mode, StoreMode::upsert);
    EXPECT_EQ(memory_.context.principal, PrincipalId("id-admin"));
    EXPECT_EQ(memory_.context.protocol, "rest");
    ASSERT_EQ(security_.records.size(), 1u);
    EXPECT_EQ(security_.records[0].resource, "memory:a/b");
    EXPECT_EQ(security_.records[0].action, "write");
    EXPECT_EQ(security_.records[0].outcome, "ok");
}

TEST_F(EntriesTest, ReplacesWithStatus200AndSaysWhenItAnswersFromAnIdempotencyKey) {
    memory_.store_result.created = false;
    memory_.store_result.replayed = true;
    const auto answer = send("PUT", kPath, {{"Idempotency-Key", "abc"}}, R"({"value":1})");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("Idempotency-Replayed"), "true");
    EXPECT_EQ(memory_.stored.idempotency_key, "abc");
}

TEST_F(EntriesTest, AnIdempotencyKeyOfAnotherRequestIs422) {
    memory_.error = invalid_argument("idempotency_key", "was used for another request");
    memory_.error->reason = memory::kIdempotencyKeyReused;
    const auto answer = send("PUT", kPath, {{"Idempotency-Key", "abc"}}, R"({"value":1})");
    expect_problem(answer, 422, "idempotency_key_reused", "Idempotency-Key");
}

TEST_F(EntriesTest, TurnsConditionsIntoModes) {
    send("PUT", kPath, {{"If-None-Match", "*"}}, R"({"value":1})");
    EXPECT_EQ(memory_.stored.mode, StoreMode::create_only);
    send("PUT", kPath, {{"If-Match", "\"7\""}}, R"({"value":1})");
    EXPECT_EQ(memory_.stored.mode, StoreMode::update_only);
    EXPECT_EQ(memory_.stored.expected_version, 7);
    send("PUT", kPath, {{"If-Match", kTag}}, R"({"value":1})");
    EXPECT_EQ(memory_.stored.expected_version, 7);
    send("PUT", kPath, {{"If-Match", "*"}}, R"({"value":1})");
    EXPECT_EQ(memory_.stored.mode, StoreMode::update_only);
    EXPECT_FALSE(memory_.stored.expected_version);
}

TEST_F(EntriesTest, AnswersAConditionThatFailsWith412) {
    memory_.error = Error(FakeSecurity::make_code(Failure::already_exists), "the key is taken");
    auto answer = send("PUT", kPath, {{"If-None-Match", "*"}}, R"({"value":1})");
    expect_problem(answer, 412, "precondition_failed", "");
    EXPECT_EQ(last_outcome(), "version_conflict");
    memory_.error = Error(FakeSecurity::make_code(Failure::not_found), "there is no such entry");
    answer = send("PUT", kPath, {{"If-Match", "*"}}, R"({"value":1})");
    expect_problem(answer, 412, "precondition_failed", "");
    memory_.error = Error(FakeSecurity::make_code(Failure::version_conflict), "it is at 8");
    answer = send("PUT", kPath, {{"If-Match", "\"7\""}}, R"({"value":1})");
    expect_problem(answer, 412, "version_conflict", "");
}

TEST_F(EntriesTest, NamesWhatIsWrongWithAStore) {
    struct Case {
        testing::HeaderList headers;
        const char* body;
        const char* field;
    };
    const std::vector<Case> cases = {
        {{}, "{}", "value"},
        {{}, R"({"value":1,"metadata":3})", "metadata"},
        {{}, R"({"value":1,"colour":3})", "colour"},
        {{}, R"({"value":1,"embedding":[NaN]})", "embedding[0]"},
        {{}, R"({"value":{"a":1,"a":2}})", "value.a"},
        {{}, R"({"value":1,"ttl_seconds":-1})", "ttl_seconds"},
        {{}, R"([1])", ""},
        {{}, R"({"value":)", "value"},
        {{{"If-Match", "7"}}, R"({"value":1})", "If-Match"},
        {{{"If-Match", "\"01\""}}, R"({"value":1})", "If-Match"},
        {{{"If-Match", "W/\"7\""}}, R"({"value":1})", "If-Match"},
        {{{"If-Match", "\"7\", \"8\""}}, R"({"value":1})", "If-Match"},
        {{{"If-None-Match", "\"7\""}}, R"({"value":1})", "If-None-Match"},
        {{{"If-Match", "*"}, {"If-None-Match", "*"}}, R"({"value":1})", "If-Match"},
        {{{"Request-Timeout", "0"}}, R"({"value":1})", "Request-Timeout"},
        {{{"Request-Timeout", "301"}}, R"({"value":1})", "Request-Timeout"},
    };
    for (const Case& one : cases) {
        expect_problem(send("PUT", kPath, one.headers, one.body), 400, "invalid_argument",
                       one.field);
    }
    expect_problem(send("PUT", std::string(kPath) + "?scope=both", {}, R"({"value":1})"), 400,
                   "invalid_argument", "scope");
    expect_problem(send("PUT", std::string(kPath) + "?skope=both", {}, R"({"value":1})"), 400,
                   "invalid_argument", "skope");
    EXPECT_EQ(memory_.calls, 0);
    EXPECT_EQ(last_outcome(), "invalid_argument");
}

TEST_F(EntriesTest, RefusesBodiesOfAnotherFormOrTooLarge) {
    expect_problem(send("PUT", kPath, {{"Content-Type", "text/plain"}}, "hello"), 415,
                   "unsupported_media_type", "Content-Type");
    expect_problem(send("PUT", kPath), 415, "unsupported_media_type", "Content-Type");
    EXPECT_EQ(
        send("PUT", kPath, {{"Content-Type", "Application/JSON ; charset=utf-8"}}, R"({"value":1})")
            .status,
        201u);
    const std::string large = R"({"value":")" + std::string(9 * 1024 * 1024, 'x') + "\"}";
    expect_problem(send("PUT", kPath, {}, large), 413, "payload_too_large", "");
}

TEST_F(EntriesTest, PassesOnWhatMemoryRefuses) {
    memory_.error = invalid_argument("embedding", "has 3 dimensions, the namespace has 4");
    memory_.error->reason = "dimensions";
    const auto answer = send("PUT", kPath, {}, R"({"value":1,"embedding":[1,2,3]})");
    expect_problem(answer, 400, "invalid_argument", "embedding");
    EXPECT_EQ(answer.at({"reason"}), "dimensions");
}

TEST_F(EntriesTest, GetsAnEntryAsItWasStored) {
    const auto answer = send("GET", std::string(kPath) + "?scope=both&with_embedding=true");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.header("ETag"), kTag);
    EXPECT_EQ(answer.header("Cache-Control"), "private, no-cache");
    EXPECT_EQ(answer.at({"value"}), R"({"n":1})");
    EXPECT_EQ(memory_.retrieved.scope, Scope::both);
    EXPECT_TRUE(memory_.with_embedding);
    EXPECT_EQ(send("HEAD", kPath).status, 200u);
    expect_problem(send("GET", std::string(kPath) + "?with_embedding=1"), 400, "invalid_argument",
                   "with_embedding");
    expect_problem(send("GET", std::string(kPath) + "?scope=a&scope=b"), 400, "invalid_argument",
                   "scope");
}

TEST_F(EntriesTest, Answers304WhenTheCallerHasIt) {
    for (const std::string& tags :
         {std::string(kTag), "\"x\", W/" + std::string(kTag), std::string("*")}) {
        const auto answer = send("GET", kPath, {{"If-None-Match", tags}});
        EXPECT_EQ(answer.status, 304u) << tags;
        EXPECT_TRUE(answer.body.empty());
        EXPECT_EQ(answer.header("ETag"), kTag);
        EXPECT_EQ(answer.header("Content-Type"), "");
    }
    EXPECT_EQ(send("GET", kPath, {{"If-None-Match", "\"6-x\""}}).status, 200u);
}

TEST_F(EntriesTest, SaysThatAnEntryIsNotThere) {
    memory_.error = Error(FakeSecurity::make_code(Failure::not_found), "there is no such entry");
    expect_problem(send("GET", kPath), 404, "not_found", "");
    EXPECT_EQ(last_outcome(), "not_found");
    expect_problem(send("DELETE", kPath), 404, "not_found", "");
}

TEST_F(EntriesTest, DeletesUnderACondition) {
    const auto answer = send("DELETE", kPath, {{"If-Match", "\"7\""}});
    EXPECT_EQ(answer.status, 204u);
    EXPECT_TRUE(answer.body.empty());
    EXPECT_EQ(memory_.removed.address.key, "k");
    EXPECT_EQ(memory_.removed.expected_version, 7);
    EXPECT_EQ(security_.records.back().action, "delete");
    expect_problem(send("DELETE", kPath, {{"If-Match", "x"}}), 400, "invalid_argument", "If-Match");
}

TEST_F(EntriesTest, ListsByQueryAndByBody) {
    memory_.page = {{make_entry("notes", "a", "1"), make_entry("notes", "b", "2")}, "more"};
    auto answer = send("GET",
                       "/api/v1/namespaces/notes/entries?limit=2&prefix=a&order=-updated_at"
                       "&cursor=c&scope=both&filter=%7B%22lang%22:%22en%22%7D");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.at({"next_cursor"}), "more");
    EXPECT_EQ(memory_.listed.limit, 2u);
    EXPECT_EQ(memory_.listed.key_prefix, "a");
    EXPECT_EQ(memory_.listed.order, memory::ListOrder::updated_at);
    EXPECT_TRUE(memory_.listed.descending);
    EXPECT_EQ(memory_.listed.cursor, "c");
    ASSERT_TRUE(memory_.listed.filter);
    EXPECT_EQ(memory_.listed.filter->path, std::vector<std::string>{"lang"});

    answer = send("POST", "/api/v1/namespaces/notes/entries/query", {},
                  R"({"limit":3,"order":"created_at","filter":{"a":{"gte":1}}})");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(memory_.listed.limit, 3u);
    EXPECT_EQ(memory_.listed.namespace_name, "notes");
    EXPECT_EQ(security_.records.back().action, "read");
}

TEST_F(EntriesTest, NamesWhatIsWrongWithAList) {
    const std::string path = "/api/v1/namespaces/notes/entries?";
    for (const auto& [query, field] : std::vector<std::pair<const char*, const char*>>{
             {"limit=0", "limit"},
             {"limit=1001", "limit"},
             {"limit=2x", "limit"},
             {"order=size", "order"},
             {"scope=none", "scope"},
             {"filter=%7B", "filter"},
             {"filter=%7B%22a%22:%7B%22b%22:1%7D%7D", "filter.a.b"},
             {"colour=red", "colour"}}) {
        expect_problem(send("GET", path + query), 400, "invalid_argument", field);
    }
    expect_problem(send("POST", "/api/v1/namespaces/notes/entries/query", {}, R"({"limit":"x"})"),
                   400, "invalid_argument", "limit");
    memory_.error = invalid_argument("cursor", "is not one that was given out");
    expect_problem(send("GET", path + "cursor=zzz"), 400, "invalid_argument", "cursor");
}

}  // namespace
}  // namespace pgmind::integration
