#include <gmock/gmock.h>

#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using security::Action;
using security::ResourceType;
using testing::HeaderList;

class ExplainTest : public testing::RestTest {};

constexpr const char* kQuestion =
    "/api/v1/auth/explain?principal=reader&action=read&resource=memory:notes";

TEST_F(ExplainTest, SaysWhichGrantDecided) {
    const Answer answer = send("GET", kQuestion, {{"Authorization", "Bearer auditor"}});
    ASSERT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.body,
              R"({"principal":"reader","action":"read","resource":"memory:notes",)"
              R"("decision":"allow","reason":"granted","directory_revision":7,"grants":[)"
              R"({"grant":{"role":"readonly","namespace_pattern":"notes","deny":false},)"
              R"("verdict":"allows","decided":true}]})");
}

TEST_F(ExplainTest, IsForAdministratorsAndAuditorsOnly) {
    EXPECT_EQ(send("GET", kQuestion).status, 200u);
    EXPECT_EQ(send("GET", kQuestion, {{"Authorization", "Bearer reader"}}).status, 403u);
    EXPECT_EQ(send("GET", kQuestion, {{"Authorization", "Bearer agent"}}).status, 403u);
}

TEST_F(ExplainTest, RefusesWhatItCannotRead) {
    const std::string path = "/api/v1/auth/explain";
    expect_problem(send("GET", path), 400, "invalid_argument", "principal");
    expect_problem(send("GET", path + "?principal=reader&action=look&resource=memory"), 400,
                   "invalid_argument", "action");
    expect_problem(send("GET", path + "?principal=reader&action=read&resource=cluster:x"), 400,
                   "invalid_argument", "resource");
    expect_problem(send("GET", path + "?principal=reader&action=read&resource=stars"), 400,
                   "invalid_argument", "resource");
    expect_problem(send("GET", path + "?principal=none&action=read&resource=memory"), 404,
                   "not_found", "");
}

TEST_F(ExplainTest, GrantsKeepWhatNarrowsThem) {
    const std::string grant =
        R"({"role":"admin","namespace_pattern":"a-*","deny":false,"actions":["read","execute"],)"
        R"("resource_types":["memory"],"expires_at":"2030-01-02T03:04:05.000000Z",)"
        R"("requests_per_second":50,"concurrency_max":4})";
    const Answer answer =
        send("PUT", "/api/v1/principals/agent/grants", {}, R"({"grants":[)" + grant + "]}");
    ASSERT_EQ(answer.status, 200u) << answer.body;
    EXPECT_THAT(answer.body, ::testing::HasSubstr(grant));
    ASSERT_EQ(security_.granted.size(), 1u);
    EXPECT_EQ(security_.granted[0].actions, (security::ActionSet{Action::read, Action::execute}));
    EXPECT_EQ(security_.granted[0].types, (security::ResourceTypeSet{ResourceType::memory}));
    EXPECT_EQ(security_.granted[0].requests_per_second, 50u);
    EXPECT_EQ(security_.granted[0].concurrency_max, 4u);
    for (const auto& [member, field] :
         {std::pair(R"("actions":["look"])", "grants[0].actions"),
          std::pair(R"("resource_types":["x"])", "grants[0].resource_types"),
          std::pair(R"("expires_at":"soon")", "grants[0].expires_at"),
          std::pair(R"("requests_per_second":0)", "grants[0].requests_per_second")}) {
        const std::string body = R"({"grants":[{"role":"readonly","namespace_pattern":"*",)" +
                                 std::string(member) + "}]}";
        expect_problem(send("PUT", "/api/v1/principals/agent/grants", {}, body), 400,
                       "invalid_argument", field);
    }
}

}  // namespace
}  // namespace pgmind::integration
