#include <gmock/gmock.h>

#include "integration/adapters/rest/routes.hpp"
#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using testing::HeaderList;

constexpr const char* kEntry = "/api/v1/namespaces/notes/entries/k";

class AccessTest : public testing::RestTest {};

// A path of the route with something in place of its parameters.
std::string sample_path(const rest::Route& route) {
    std::string path;
    bool inside = false;
    for (const char c : route.path) {
        if (c == '{') {
            path += "0198c8b1-0000-7000-8000-000000000001";
            inside = true;
        } else if (c == '}') {
            inside = false;
        } else if (!inside) {
            path += c;
        }
    }
    return path;
}

HeaderList headers_for(const rest::Route& route, std::string authorization) {
    HeaderList headers = {{"Authorization", std::move(authorization)}};
    if (route.body.form == rest::BodyForm::ndjson) {
        headers.emplace_back("Content-Type", "application/x-ndjson");
    }
    return headers;
}

TEST_F(AccessTest, EveryRouteButTheOpenOnesNeedsAValidKey) {
    remote_address_ = "192.0.2.7";
    for (const rest::Route& route : rest::kRoutes) {
        const bool open = route.permission.subject() == Permission::Subject::anybody;
        for (const char* authorization : {"", "Bearer ", "Bearer wrong", "Basic admin", "admin"}) {
            const auto answer = send(std::string(route.method), sample_path(route),
                                     headers_for(route, authorization),
                                     route.body.form == rest::BodyForm::none ? "" : "{}");
            if (open) {
                const bool logs_in = route.path == "/api/v1/auth/login";  // and lacks the name
                EXPECT_EQ(answer.status, logs_in ? 400u : 200u) << route.path;
            } else {
                expect_problem(answer, 401, "unauthenticated", "");
                EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"pgmind\"");
            }
        }
    }
    EXPECT_EQ(memory_.calls, 0);
    EXPECT_TRUE(security_.records.empty());
}

TEST_F(AccessTest, NoRouteIsReachedWithoutItsPermission) {
    security_.add("nobody", "nobody", {});
    remote_address_ = "192.0.2.7";
    for (const rest::Route& route : rest::kRoutes) {
        const auto subject = route.permission.subject();
        if (subject == Permission::Subject::anybody || subject == Permission::Subject::any_caller) {
            continue;
        }
        security_.authorized.clear();
        const auto answer =
            send(std::string(route.method), sample_path(route), headers_for(route, "Bearer nobody"),
                 route.body.form == rest::BodyForm::none ? "" : "{}");
        expect_problem(answer, 403, "permission_denied", "");
        EXPECT_EQ(security_.authorized.size(), 1u) << route.path;
    }
    EXPECT_EQ(memory_.calls, 0);
    EXPECT_TRUE(security_.records.empty());
}

TEST_F(AccessTest, RolesEndWhereTheyShould) {
    const HeaderList reader = {{"Authorization", "Bearer reader"}};
    const HeaderList agent = {{"Authorization", "bearer agent"}};
    EXPECT_EQ(send("GET", kEntry, reader).status, 200u);
    EXPECT_EQ(send("PUT", kEntry, reader, R"({"value":1})").status, 403u);
    EXPECT_EQ(send("DELETE", kEntry, reader).status, 403u);
    EXPECT_EQ(send("GET", "/api/v1/namespaces/other/entries/k", reader).status, 403u);
    EXPECT_EQ(send("GET", kEntry, agent).status, 403u);
    EXPECT_EQ(send("GET", "/api/v1/namespaces/agent-1/entries/k", agent).status, 200u);
    EXPECT_EQ(send("GET", "/api/v1/cluster/status", agent).status, 200u);
    EXPECT_EQ(send("GET", "/api/v1/principals", agent).status, 403u);
    EXPECT_EQ(send("GET", "/api/v1/audit", {{"Authorization", "Bearer auditor"}}).status, 200u);
}

TEST_F(AccessTest, AnActionThatCannotBeRecordedIsNotAnswered) {
    security_.record_error = Error(BaseErrc::unavailable, "the audit log takes no more records");
    const auto answer = send("GET", kEntry);
    expect_problem(answer, 503, "unavailable", "");
    EXPECT_EQ(answer.header("Retry-After"), "1");
    EXPECT_EQ(answer.body.find("\"n\":1"), std::string::npos);
}

TEST_F(AccessTest, TooManyRequestsAreToldWhenToComeAgain) {
    const security::RateState state{200, 0, std::chrono::seconds(3)};
    Error error(testing::FakeSecurity::make_code(Failure::resource_exhausted), "too many");
    error.retry_after = std::chrono::milliseconds(1'500);
    security_.principal_admittance = {error, state, nullptr};
    auto answer = send("GET", kEntry);
    expect_problem(answer, 429, "resource_exhausted", "");
    EXPECT_EQ(answer.header("Retry-After"), "2");
    EXPECT_EQ(answer.header("RateLimit-Limit"), "200");
    EXPECT_EQ(answer.header("RateLimit-Remaining"), "0");
    EXPECT_EQ(answer.header("RateLimit-Reset"), "3");

    security_.principal_admittance = {};
    security_.address_admittance = {error, state, nullptr};
    answer = send("GET", kEntry, {{"Authorization", "Bearer wrong"}});
    expect_problem(answer, 429, "resource_exhausted", "");
    EXPECT_EQ(send("GET", "/healthz").status, 200u) << "probes are not counted";
    EXPECT_EQ(memory_.calls, 0);

    security_.address_admittance = {};
    security_.principal_admittance = {std::nullopt, security::RateState{9, 8, {}}, nullptr};
    answer = send("GET", kEntry);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("RateLimit-Remaining"), "8");
}

TEST_F(AccessTest, ARequestHoldsItsPlaceUntilItIsAnswered) {
    auto permit = std::make_shared<int>(1);
    security_.principal_admittance.permit = permit;
    EXPECT_EQ(send("GET", kEntry).status, 200u);
    security_.principal_admittance.permit = nullptr;
    EXPECT_EQ(permit.use_count(), 1);
}

TEST_F(AccessTest, PagesOfOtherSitesAndStrangeNamesAreTurnedAway) {
    expect_problem(send("GET", kEntry, {{"Origin", "https://evil.example"}}), 403,
                   "forbidden_origin", "Origin");
    expect_problem(send("GET", kEntry, {{"Origin", "null"}}), 403, "forbidden_origin", "Origin");
    expect_problem(send("GET", kEntry, {{"Host", "evil.example:7432"}}), 421, "misdirected_host",
                   "Host");
    // What DNS rebinding looks like: the page and the request agree on the attacker's name.
    expect_problem(send("GET", kEntry,
                        {{"Host", "evil.example:7432"}, {"Origin", "http://evil.example:7432"}}),
                   421, "misdirected_host", "Host");
    EXPECT_EQ(security_.turned_away,
              (std::vector<std::string>{"forbidden_origin", "forbidden_origin", "misdirected_host",
                                        "misdirected_host"}));
    EXPECT_EQ(send("GET", kEntry, {{"Origin", "http://127.0.0.1:7432"}}).status, 200u);
    EXPECT_EQ(send("GET", kEntry, {{"Host", "localhost:7432"}}).status, 200u);
    EXPECT_EQ(send("GET", "/healthz", {{"Host", "evil.example"}}).status, 421u);
}

TEST_F(AccessTest, ProbesOfHttp10NeedNoHost) {
    const auto without_host = [this](std::string path) {
        testing::FakeExchange exchange;
        exchange.request.method = "GET";
        exchange.request.remote_address = "127.0.0.1";
        EXPECT_TRUE(http::parse_target(path, exchange.request));
        return run(exchange).status;
    };
    for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
        EXPECT_EQ(without_host(path), 200u) << path;
    }
    EXPECT_EQ(without_host("/api/v1/openapi.json"), 421u);
    EXPECT_EQ(without_host(kEntry), 421u);
}

TEST_F(AccessTest, NoAnswerOpensTheDoorToOtherOrigins) {
    options_.origins.allowed_origins = {"https://console.example"};
    const auto answer = send("GET", kEntry, {{"Origin", "https://console.example"}});
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(send("OPTIONS", kEntry, {{"Origin", "https://console.example"}}).status, 405u);
}

TEST_F(AccessTest, UnknownPathsAndMethodsSaySo) {
    expect_problem(send("GET", "/api/v1/nothing"), 404, "not_found", "");
    expect_problem(send("GET", "/api/v1/namespaces/a/entries/"), 404, "not_found", "");
    const auto answer = send("PATCH", kEntry);
    expect_problem(answer, 405, "method_not_allowed", "");
    EXPECT_EQ(answer.header("Allow"), "PUT, GET, HEAD, DELETE");
}

TEST_F(AccessTest, KeepsARequestIdThatIsAUuid) {
    const std::string id = "0198c8b1-1111-7000-8000-000000000001";
    EXPECT_EQ(send("GET", kEntry, {{"X-Request-Id", id}}).header("X-Request-Id"), id);
    EXPECT_EQ(memory_.context.request_id, RequestId(id));
    const auto other = send("GET", kEntry, {{"X-Request-Id", "x\", \"y"}}).header("X-Request-Id");
    EXPECT_TRUE(is_uuid(other)) << other;
}

TEST_F(AccessTest, TheDeadlineIsTheCallers) {
    send("GET", kEntry, {{"Request-Timeout", "3"}});
    EXPECT_LE(memory_.context.deadline.remaining(), std::chrono::seconds(3));
    send("GET", kEntry);
    EXPECT_GT(memory_.context.deadline.remaining(), std::chrono::seconds(20));
}

TEST_F(AccessTest, InternalErrorsTellTheLogAndNotTheCaller) {
    memory_.error = Error(BaseErrc::internal, "relation pgmind.secret does not exist");
    const auto answer = send("GET", kEntry);
    expect_problem(answer, 500, "internal", "");
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
}

TEST_F(AccessTest, EachRequestIsCountedAndPublished) {
    std::vector<std::string> seen;
    bus_.subscribe("test", 100, [&seen](const DomainEvent& event) {
        if (event.name == "ApiEndpointCalled") {
            seen.push_back(event.attributes[0].second + " " + event.attributes[1].second);
        }
    });
    send("GET", kEntry);
    send("GET", "/nothing/here");
    bus_.drain();
    EXPECT_THAT(seen, ::testing::ElementsAre("GET /api/v1/namespaces/{namespace}/entries/{key} 200",
                                             "GET none 404"));
    const std::string text = metrics_.render();
    EXPECT_THAT(text, ::testing::HasSubstr("pgmind_http_requests_total{"));
    EXPECT_THAT(text, ::testing::HasSubstr("status=\"404\""));
    EXPECT_THAT(text, ::testing::HasSubstr("pgmind_http_request_seconds_count{"));
    EXPECT_EQ(text.find("/nothing"), std::string::npos);
}

}  // namespace
}  // namespace pgmind::integration
