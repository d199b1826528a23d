#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using testing::HeaderList;

const HeaderList kNoKey = {{"Authorization", ""}};

class ServiceTest : public testing::RestTest {};

TEST_F(ServiceTest, SaysWhatItIs) {
    const auto json = send("GET", "/", kNoKey);
    EXPECT_EQ(json.status, 200u);
    EXPECT_EQ(json.at({"name"}), "pgmind");
    EXPECT_EQ(json.at({"version"}), "1.2.3");
    const auto html = send("GET", "/", {{"Accept", "text/html,*/*"}, {"Authorization", ""}});
    EXPECT_EQ(html.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_NE(html.body.find("<title>pgmind</title>"), std::string::npos);
}

TEST_F(ServiceTest, LivesAndSaysWhyItIsNotReady) {
    EXPECT_EQ(send("GET", "/healthz", kNoKey).at({"status"}), "alive");
    EXPECT_EQ(send("GET", "/readyz", kNoKey).at({"status"}), "ready");
    cluster_.reason = "shard-2 does not answer";
    const auto answer = send("GET", "/readyz", kNoKey);
    expect_problem(answer, 503, "unavailable", "");
    EXPECT_EQ(answer.at({"detail"}), "shard-2 does not answer");
    EXPECT_EQ(send("GET", "/healthz", kNoKey).status, 200u);
}

TEST_F(ServiceTest, IsNotReadyWhileItDrains) {
    testing::FakeExchange exchange;
    exchange.request.method = "GET";
    exchange.request.segments = {"readyz"};
    exchange.request.headers.add("Host", "localhost");
    exchange.is_draining = true;
    EXPECT_EQ(run(exchange).status, 503u);
}

TEST_F(ServiceTest, ServesItsDocument) {
    const auto answer = send("GET", "/api/v1/openapi.json", kNoKey);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.at({"openapi"}), "3.1.0");
}

TEST_F(ServiceTest, MetricsAreOpenOnThisMachineOnly) {
    EXPECT_EQ(send("GET", "/metrics", kNoKey).status, 200u);
    EXPECT_EQ(
        send("GET", "/metrics", {{"Authorization", ""}, {"X-Forwarded-For", "192.0.2.1"}}).status,
        401u);
    remote_address_ = "192.0.2.1";
    EXPECT_EQ(send("GET", "/metrics", kNoKey).status, 401u);
    EXPECT_EQ(send("GET", "/metrics", {{"Authorization", "Bearer agent"}}).status, 403u);
    EXPECT_EQ(send("GET", "/metrics").status, 200u);
    EXPECT_EQ(send("GET", "/metrics").header("Content-Type"),
              "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(ServiceTest, MetricsCanBeClosed) {
    options_.metrics_open_on_loopback = false;
    EXPECT_EQ(send("GET", "/metrics", kNoKey).status, 401u);
}

TEST_F(ServiceTest, TellsTheCallerWhoItIs) {
    const auto answer = send("GET", "/api/v1/me", {{"Authorization", "Bearer agent"}});
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.at({"name"}), "agent");
    EXPECT_EQ(answer.at({"grants"}),
              R"([{"role":"mcp_user","namespace_pattern":"agent-*","deny":false}])");
}

TEST_F(ServiceTest, ShowsTheCluster) {
    cluster_.current.product_version = "1.2.3";
    cluster_.current.ready = true;
    cluster_.current.nodes.resize(2);
    cluster_.current.nodes[0].role = "coordinator";
    cluster_.current.nodes[0].healthy = true;
    cluster_.current.nodes[1].name = "shard-1";
    cluster_.current.nodes[1].role = "shard";
    cluster_.current.nodes[1].entries = 41;
    auto answer = send("GET", "/api/v1/cluster/status");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_NE(answer.body.find(R"("name":"shard-1")"), std::string::npos);
    answer = send("GET", "/api/v1/stats");
    EXPECT_EQ(answer.at({"entries_estimate"}), "41");
    EXPECT_EQ(answer.at({"shards"}), "1");
    EXPECT_EQ(answer.at({"nodes_healthy"}), "1");
    EXPECT_EQ(answer.at({"can_embed"}), "false");
}

TEST_F(ServiceTest, QueriesTheAuditLog) {
    security_.audit.resize(2);
    security_.audit[0].sequence = 9;
    security_.audit[1].sequence = 8;
    auto answer = send("GET",
                       "/api/v1/audit?principal=bob&resource=notes&decision=deny&limit=2&before=10"
                       "&request_id=r");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.at({"next_before"}), "8");
    EXPECT_EQ(security_.audit_query.principal_name, "bob");
    EXPECT_EQ(security_.audit_query.decision, "deny");
    EXPECT_EQ(security_.audit_query.before_sequence, 10);
    answer = send("GET", "/api/v1/audit");
    EXPECT_EQ(answer.at({"next_before"}), "null");
    expect_problem(send("GET", "/api/v1/audit?decision=maybe"), 400, "invalid_argument",
                   "decision");
    expect_problem(send("GET", "/api/v1/audit?before=0"), 400, "invalid_argument", "before");
    expect_problem(send("GET", "/api/v1/audit?limit=1001"), 400, "invalid_argument", "limit");
}

TEST_F(ServiceTest, ShowsATrace) {
    const std::string id = "0198c8b1-1111-7000-8000-000000000001";
    DomainEvent event;
    event.name = "MemoryEntryRetrieved";
    event.context = "memory";
    event.request_id = RequestId(id);
    event.attributes = {{"namespace", "notes"}};
    traces_.add(event);
    const auto answer = send("GET", "/api/v1/traces/" + id);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_NE(answer.body.find(R"("name":"MemoryEntryRetrieved","context":"memory","offset_us":0,)"
                               R"("attributes":{"namespace":"notes"})"),
              std::string::npos)
        << answer.body;
    expect_problem(send("GET", "/api/v1/traces/0198c8b1-2222-7000-8000-000000000001"), 404,
                   "not_found", "");
    expect_problem(send("GET", "/api/v1/traces/x"), 400, "invalid_argument", "request_id");
}

}  // namespace
}  // namespace pgmind::integration
