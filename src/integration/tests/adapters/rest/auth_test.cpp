#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using testing::FakeSecurity;

class AuthTest : public testing::RestTest {
  protected:
    AuthTest() {
        security::Principal ann;
        ann.id = PrincipalId("id-ann");
        ann.name = "ann";
        ann.session_id = "s1";
        security_.principals_by_key["pgs_ann"] = ann;
        security_.sessions.resize(2);
        security_.sessions[0].session_id = "s1";
        security_.sessions[1].session_id = "s2";
        security_.sessions[1].revoked_at = WallTime();
    }
    const testing::HeaderList ann_ = {{"Authorization", "Bearer pgs_ann"}};
};

TEST_F(AuthTest, ALoginNeedsNoKeyAndIsRecordedBySecurityAlone) {
    const auto answer = send("POST", "/api/v1/auth/login", {{"Authorization", ""}},
                             R"({"name":"ann","password":"correct horse"})");
    EXPECT_EQ(answer.status, 201u) << answer.body;
    EXPECT_EQ(answer.at({"token"}), "pgs_token");
    EXPECT_EQ(answer.at({"idle_timeout_seconds"}), "1800");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(security_.named, "ann");
    EXPECT_EQ(security_.password, "correct horse");
    EXPECT_TRUE(security_.records.empty());
    EXPECT_TRUE(security_.authorized.empty());
}

TEST_F(AuthTest, ALoginThatIsRefusedSaysHowAndWhenToComeAgain) {
    const auto log_in = [this] {
        return send("POST", "/api/v1/auth/login", {{"Authorization", ""}},
                    R"({"name":"ann","password":"x"})");
    };
    security_.administration_error =
        Error(FakeSecurity::make_code(Failure::unauthenticated), "the name or password is wrong");
    expect_problem(log_in(), 401, "unauthenticated", "");
    Error wait(FakeSecurity::make_code(Failure::resource_exhausted), "too many attempts");
    wait.retry_after = std::chrono::milliseconds(61'500);
    security_.administration_error = wait;
    const auto later = log_in();
    expect_problem(later, 429, "resource_exhausted", "");
    EXPECT_EQ(later.header("Retry-After"), "62");
    security_.administration_error =
        Error(FakeSecurity::make_code(Failure::unavailable), "too many logins at once");
    const auto busy = log_in();
    expect_problem(busy, 503, "unavailable", "");
    EXPECT_EQ(busy.header("Retry-After"), "1");
}

TEST_F(AuthTest, NamesWhatIsWrongWithALoginAndLimitsIt) {
    const auto log_in = [this](const std::string& body) {
        return send("POST", "/api/v1/auth/login", {{"Authorization", ""}}, body);
    };
    expect_problem(log_in(R"({"password":"x"})"), 400, "invalid_argument", "name");
    expect_problem(log_in(R"({"name":"ann"})"), 400, "invalid_argument", "password");
    expect_problem(log_in(R"({"name":"ann","password":1})"), 400, "invalid_argument", "password");
    expect_problem(log_in(R"({"name":"ann","password":"x","token":"y"})"), 400, "invalid_argument",
                   "token");
    const std::string huge(20'000, 'x');
    EXPECT_EQ(log_in(R"({"name":"ann","password":")" + huge + "\"}").status, 413u);
}

TEST_F(AuthTest, EverybodySeesAndEndsOwnSessionsOnly) {
    auto answer = send("GET", "/api/v1/auth/sessions", ann_);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(security_.named, "ann");
    EXPECT_NE(answer.body.find(
                  R"("revoked_at":null,"remote_address":"","second_factor":false,"current":true)"),
              std::string::npos)
        << answer.body;
    EXPECT_NE(answer.body.find(R"("current":false)"), std::string::npos);
    EXPECT_EQ(send("DELETE", "/api/v1/auth/sessions/s2", ann_).status, 204u);
    EXPECT_EQ(security_.named, "ann");
    EXPECT_EQ(security_.session_named, "s2");
    expect_problem(send("GET", "/api/v1/principals/bob/sessions", ann_), 403, "permission_denied",
                   "");
    expect_problem(send("DELETE", "/api/v1/principals/bob/sessions/s2", ann_), 403,
                   "permission_denied", "");
}

TEST_F(AuthTest, EverybodyChangesTheOwnPasswordAndNoOther) {
    const char* body = R"({"current_password":"old","password":"new"})";
    EXPECT_EQ(send("POST", "/api/v1/auth/password", ann_, body).status, 204u);
    EXPECT_EQ(security_.named, "ann");
    EXPECT_EQ(security_.password, "old -> new");
    expect_problem(send("POST", "/api/v1/auth/password", ann_, R"({"password":"new"})"), 400,
                   "invalid_argument", "current_password");
    expect_problem(send("PUT", "/api/v1/principals/bob/password", ann_, R"({"password":"new"})"),
                   403, "permission_denied", "");
}

TEST_F(AuthTest, AdministratorsSetPasswordsAndEndSessionsOfOthers) {
    EXPECT_EQ(send("PUT", "/api/v1/principals/bob/password", {}, R"({"password":"new"})").status,
              204u);
    EXPECT_EQ(security_.named, "bob");
    EXPECT_EQ(security_.password, "new");
    EXPECT_EQ(security_.records.back().action, "admin");
    EXPECT_EQ(send("GET", "/api/v1/principals/bob/sessions").status, 200u);
    EXPECT_EQ(send("DELETE", "/api/v1/principals/bob/sessions/s2").status, 204u);
    EXPECT_EQ(security_.named, "bob");
    EXPECT_EQ(security_.session_named, "s2");
    security_.administration_error =
        Error(FakeSecurity::make_code(Failure::not_found), "no such session");
    expect_problem(send("DELETE", "/api/v1/principals/bob/sessions/s3"), 404, "not_found", "");
}

TEST_F(AuthTest, ASecondFactorIsEnrolledConfirmedAndEndedByItsOwner) {
    EXPECT_EQ(send("GET", "/api/v1/auth/second-factor", ann_).at({"enrolled"}), "false");
    auto answer = send("POST", "/api/v1/auth/second-factor", ann_, R"({"password":"pw"})");
    EXPECT_EQ(answer.status, 201u) << answer.body;
    EXPECT_EQ(answer.at({"secret"}), "MZXW6");
    EXPECT_EQ(security_.factors.asked, "enrol ann pw");
    answer = send("POST", "/api/v1/auth/second-factor/confirm", ann_, R"({"code":"123456"})");
    EXPECT_EQ(answer.body, R"({"recovery_codes":["abcd-efgh-ijkl-mnop"]})");
    EXPECT_EQ(security_.factors.asked, "confirm ann 123456");
    const char* proof = R"({"password":"pw","code":"123456"})";
    answer = send("POST", "/api/v1/auth/second-factor/recovery-codes", ann_, proof);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(security_.factors.asked, "renew ann pw 123456");
    EXPECT_EQ(send("POST", "/api/v1/auth/second-factor/disable", ann_, proof).status, 204u);
    EXPECT_EQ(security_.factors.asked, "disable ann pw 123456");
    expect_problem(send("POST", "/api/v1/auth/second-factor/disable", ann_, R"({"password":"pw"})"),
                   400, "invalid_argument", "code");
    EXPECT_EQ(send("DELETE", "/api/v1/principals/bob/second-factor", ann_).status, 403u);
    EXPECT_EQ(send("DELETE", "/api/v1/principals/bob/second-factor").status, 204u);
    EXPECT_EQ(security_.factors.asked, "reset bob");
}

TEST_F(AuthTest, SaysWhichSessionAsks) {
    const auto answer = send("GET", "/api/v1/me", ann_);
    EXPECT_EQ(answer.at({"session_id"}), "s1");
    EXPECT_EQ(answer.at({"key_id"}), "");
}

}  // namespace
}  // namespace pgmind::integration
