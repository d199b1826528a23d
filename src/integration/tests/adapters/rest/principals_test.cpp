#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using security::Role;
using testing::FakeSecurity;

class PrincipalsTest : public testing::RestTest {};

TEST_F(PrincipalsTest, ListsThem) {
    security::PrincipalDetails details;
    details.id = PrincipalId("p1");
    details.name = "alice";
    details.grants = {{Role::app_user, "team-*", true}};
    security_.details = {details};
    const auto answer = send("GET", "/api/v1/principals");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_NE(answer.body.find(R"("name":"alice","kind":"user","disabled":false,"grants":)"
                               R"([{"role":"app_user","namespace_pattern":"team-*","deny":true}])"),
              std::string::npos)
        << answer.body;
    EXPECT_EQ(security_.records.back().resource, "principals:");
    EXPECT_EQ(security_.records.back().action, "admin");
}

TEST_F(PrincipalsTest, CreatesOne) {
    const auto answer = send("POST", "/api/v1/principals", {},
                             R"({"name":"bob b","kind":"service","grants":[{"role":"auditor"}]})");
    EXPECT_EQ(answer.status, 201u) << answer.body;
    EXPECT_EQ(answer.header("Location"), "/api/v1/principals/bob%20b");
    EXPECT_EQ(security_.created.name, "bob b");
    EXPECT_EQ(security_.created.kind, security::PrincipalKind::service);
    ASSERT_EQ(security_.created.grants.size(), 1u);
    EXPECT_EQ(security_.created.grants[0].namespace_pattern, "*");
    security_.administration_error =
        Error(FakeSecurity::make_code(Failure::already_exists), "bob exists");
    expect_problem(send("POST", "/api/v1/principals", {}, R"({"name":"bob"})"), 409,
                   "already_exists", "");
}

TEST_F(PrincipalsTest, NamesWhatIsWrong) {
    for (const auto& [body, field] : std::vector<std::pair<const char*, const char*>>{
             {"{}", "name"},
             {R"({"name":"x","kind":"robot"})", "kind"},
             {R"({"name":"x","grants":{}})", "grants"},
             {R"({"name":"x","grants":[{"role":"king"}]})", "grants[0].role"},
             {R"({"name":"x","grants":[{"role":"auditor"},{}]})", "grants[1].role"},
             {R"({"name":"x","grants":[{"role":"readonly"}]})", "grants[0].namespace_pattern"},
             {R"({"name":"x","grants":[{"role":"admin"}]})", "grants[0].namespace_pattern"},
             {R"({"name":"x","grants":[{"role":"auditor","deny":1}]})", "grants[0].deny"},
             {R"({"name":"x","password":"y"})", "password"}}) {
        expect_problem(send("POST", "/api/v1/principals", {}, body), 400, "invalid_argument",
                       field);
    }
    expect_problem(send("PUT", "/api/v1/principals/x/grants", {}, "{}"), 400, "invalid_argument",
                   "grants");
    expect_problem(send("POST", "/api/v1/principals/x/keys", {}, R"({"ttl_seconds":0})"), 400,
                   "invalid_argument", "ttl_seconds");
}

TEST_F(PrincipalsTest, SetsGrants) {
    const auto answer = send("PUT", "/api/v1/principals/bob/grants", {},
                             R"({"grants":[{"role":"mcp_user","namespace_pattern":"agent-*"}]})");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(security_.named, "bob");
    ASSERT_EQ(security_.granted.size(), 1u);
    EXPECT_EQ(security_.granted[0].role, Role::mcp_user);
    security_.administration_error =
        Error(FakeSecurity::make_code(Failure::not_found), "no such principal");
    expect_problem(send("PUT", "/api/v1/principals/bob/grants", {}, R"({"grants":[]})"), 404,
                   "not_found", "");
}

TEST_F(PrincipalsTest, DisablesOne) {
    EXPECT_EQ(send("DELETE", "/api/v1/principals/bob").status, 204u);
    EXPECT_EQ(security_.named, "bob");
}

TEST_F(PrincipalsTest, IssuesListsAndRevokesKeys) {
    auto answer =
        send("POST", "/api/v1/principals/bob/keys", {}, R"({"label":"laptop","ttl_seconds":60})");
    EXPECT_EQ(answer.status, 201u) << answer.body;
    EXPECT_EQ(answer.at({"api_key"}), "pgm_k1_secret");
    EXPECT_EQ(answer.at({"label"}), "laptop");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(security_.created_key.principal_name, "bob");
    EXPECT_EQ(security_.created_key.ttl, std::chrono::seconds(60));
    EXPECT_EQ(send("POST", "/api/v1/principals/bob/keys").status, 201u);

    security_.keys.resize(1);
    security_.keys[0].key_id = "k9";
    answer = send("GET", "/api/v1/principals/bob/keys");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_NE(answer.body.find(R"("key_id":"k9")"), std::string::npos);
    EXPECT_EQ(answer.body.find("api_key"), std::string::npos);

    EXPECT_EQ(send("DELETE", "/api/v1/keys/k9").status, 204u);
    EXPECT_EQ(security_.named, "k9");
}

}  // namespace
}  // namespace pgmind::integration
