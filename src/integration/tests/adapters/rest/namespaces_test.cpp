#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using memory::Scope;
using testing::FakeSecurity;

memory::Namespace make_namespace(std::string name) {
    return {Scope::project, std::move(name), 3, false, "english", "{}", "shard-1", 9, {}};
}

class NamespacesTest : public testing::RestTest {};

TEST_F(NamespacesTest, ListsThoseThatTheCallerMayRead) {
    memory_.namespaces = {{make_namespace("agent-1")}, "next"};
    const auto answer = send("GET", "/api/v1/namespaces?limit=1&prefix=agent&cursor=c&scope=shared",
                             {{"Authorization", "Bearer agent"}});
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.at({"next_cursor"}), "next");
    EXPECT_NE(answer.body.find(R"("name":"agent-1","dimensions":3)"), std::string::npos);
    EXPECT_EQ(memory_.namespace_query.access.allowed, std::vector<std::string>{"agent-*"});
    EXPECT_EQ(memory_.namespace_query.limit, 1u);
    EXPECT_EQ(memory_.namespace_query.scope, Scope::shared);
    expect_problem(send("GET", "/api/v1/namespaces?limit=x"), 400, "invalid_argument", "limit");
    expect_problem(send("GET", "/api/v1/namespaces?scope=x"), 400, "invalid_argument", "scope");
}

TEST_F(NamespacesTest, CreatesWith201AndSetsWith200) {
    memory_.created_namespace = make_namespace("notes");
    auto answer = send("PUT", "/api/v1/namespaces/notes", {},
                       R"({"dimensions":3,"text_language":"german","metadata":{"a":1}})");
    EXPECT_EQ(answer.status, 201u) << answer.body;
    EXPECT_EQ(memory_.requested_namespace.name, "notes");
    EXPECT_EQ(memory_.requested_namespace.dimensions, 3);
    EXPECT_EQ(memory_.requested_namespace.text_language, "german");
    EXPECT_EQ(security_.records.back().resource, "namespaces:notes");
    memory_.namespaces.namespaces = {make_namespace("notes")};
    answer = send("PUT", "/api/v1/namespaces/notes?scope=shared");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(memory_.requested_namespace.scope, Scope::shared);
    EXPECT_FALSE(memory_.requested_namespace.dimensions);
}

TEST_F(NamespacesTest, NamesWhatIsWrongWithSettings) {
    for (const auto& [body, field] : std::vector<std::pair<const char*, const char*>>{
             {R"({"dimensions":"three"})", "dimensions"},
             {R"({"metadata":[]})", "metadata"},
             {R"({"shard":"shard-1"})", "shard"}}) {
        expect_problem(send("PUT", "/api/v1/namespaces/notes", {}, body), 400, "invalid_argument",
                       field);
    }
    EXPECT_EQ(send("PUT", "/api/v1/namespaces/notes", {{"Content-Type", "text/plain"}}, "x").status,
              415u);
    expect_problem(send("PUT", "/api/v1/namespaces/notes?scope=both"), 400, "invalid_argument",
                   "scope");
    EXPECT_EQ(memory_.calls, 0);
    memory_.error = invalid_argument("dimensions", "are 4 since its first vector");
    expect_problem(send("PUT", "/api/v1/namespaces/notes", {}, R"({"dimensions":3})"), 400,
                   "invalid_argument", "dimensions");
}

TEST_F(NamespacesTest, AReaderCreatesNone) {
    EXPECT_EQ(send("PUT", "/api/v1/namespaces/notes", {{"Authorization", "Bearer reader"}}).status,
              403u);
    EXPECT_EQ(
        send("DELETE", "/api/v1/namespaces/notes", {{"Authorization", "Bearer reader"}}).status,
        403u);
}

TEST_F(NamespacesTest, ShowsStatistics) {
    memory_.statistics = {make_namespace("notes"), 10, 4, 1234};
    const auto answer = send("GET", "/api/v1/namespaces/notes?scope=shared");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.at({"entries"}), "10");
    EXPECT_EQ(answer.at({"entries_with_embedding"}), "4");
    EXPECT_EQ(answer.at({"bytes"}), "1234");
    EXPECT_EQ(memory_.scope, Scope::shared);
    memory_.error = Error(FakeSecurity::make_code(Failure::not_found), "no such namespace");
    expect_problem(send("GET", "/api/v1/namespaces/notes"), 404, "not_found", "");
}

TEST_F(NamespacesTest, DeletesAndSaysHowManyEntriesWent) {
    memory_.removed_entries = 12;
    const auto answer = send("DELETE", "/api/v1/namespaces/notes");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.at({"deleted_entries"}), "12");
    EXPECT_EQ(memory_.name, "notes");
    EXPECT_EQ(security_.records.back().action, "delete");
    memory_.error = Error(FakeSecurity::make_code(Failure::not_found), "no such namespace");
    expect_problem(send("DELETE", "/api/v1/namespaces/notes"), 404, "not_found", "");
}

}  // namespace
}  // namespace pgmind::integration
