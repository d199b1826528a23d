#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "bridge/answer_reader.hpp"
#include "bridge/mcp_message.hpp"
#include "bridge/stdio_bridge.hpp"
#include "client/json_node.hpp"
#include "fake_server.hpp"

namespace pgmind::app {
namespace {

TEST(McpMessage, TellsKindsApart) {
    using Kind = McpMessage::Kind;
    EXPECT_EQ(read_mcp_message(R"({"id":1,"method":"ping"})")->kind, Kind::request);
    EXPECT_EQ(read_mcp_message(R"({"method":"notifications/initialized"})")->kind,
              Kind::notification);
    EXPECT_EQ(read_mcp_message(R"({"id":1,"result":{}})")->kind, Kind::response);
    EXPECT_EQ(read_mcp_message(R"([{"id":1,"method":"ping"}])")->kind, Kind::batch);
    EXPECT_FALSE(read_mcp_message("7"));
    EXPECT_FALSE(read_mcp_message("{"));
    EXPECT_EQ(read_mcp_message(R"({"method":"notifications/cancelled","params":{"requestId":"a"}})")
                  ->cancels,
              "\"a\"");
}

TEST(McpMessage, StatelessMessagesSayInHeadersWhatTheySayInThemselves) {
    const auto message = read_mcp_message(
        R"({"id":1,"method":"tools/call","params":{"name":"größe","_meta":
            {"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})");
    const http::Headers headers = mcp_headers(*message, {"session", "2025-11-25"});
    EXPECT_EQ(headers.find("MCP-Protocol-Version"), "2026-07-28");
    EXPECT_EQ(headers.find("Mcp-Method"), "tools/call");
    EXPECT_EQ(headers.find("Mcp-Name"), "=?base64?Z3LDtsOfZQ==?=");
    EXPECT_FALSE(headers.find("Mcp-Session-Id"));
}

TEST(McpMessage, MessagesOfASessionNameIt) {
    const McpSession session{"session", "2025-11-25"};
    const http::Headers call =
        mcp_headers(*read_mcp_message(R"({"id":1,"method":"ping"})"), session);
    EXPECT_EQ(call.find("Mcp-Session-Id"), "session");
    EXPECT_EQ(call.find("MCP-Protocol-Version"), "2025-11-25");
    const http::Headers initialize =
        mcp_headers(*read_mcp_message(R"({"id":1,"method":"initialize"})"), session);
    EXPECT_FALSE(initialize.find("Mcp-Session-Id"));
}

std::vector<std::string> read_answer(const std::vector<std::string>& parts) {
    std::vector<std::string> messages;
    AnswerReader reader([&messages](std::string text) { messages.push_back(std::move(text)); });
    for (const std::string& part : parts) {
        EXPECT_TRUE(reader.feed(part));
    }
    reader.finish();
    return messages;
}

TEST(AnswerReader, TakesADocumentAsOneLine) {
    EXPECT_EQ(read_answer({"{\n \"a\":", "1\r\n}"}), std::vector<std::string>{"{  \"a\":1  }"});
    EXPECT_TRUE(read_answer({"", "\n"}).empty());
}

TEST(AnswerReader, TakesEventsHoweverTheyAreCut) {
    const std::string stream =
        ": comment\n\nid: 1-1\nretry: 100\ndata:\n\n"
        "event: message\r\nid: 1-2\r\ndata: {\"a\":1}\r\n\r\n"
        "data: {\"b\":\ndata: 2}\n\n";
    const std::vector<std::string> expected = {"{\"a\":1}", "{\"b\": 2}"};
    EXPECT_EQ(read_answer({stream}), expected);
    std::vector<std::string> bytes;
    for (const char c : stream) {
        bytes.emplace_back(1, c);
    }
    EXPECT_EQ(read_answer(bytes), expected);
}

/// A bridge between a pipe that the test writes to and a fake server. Ends when the pipe is closed.
class BridgeTest : public testing::Test {
  protected:
    BridgeTest() { EXPECT_EQ(pipe(pipe_), 0); }
    ~BridgeTest() override {
        finish();
        close(pipe_[0]);
    }

    void start(const FakeServer& server) {
        thread_ = std::thread([this, endpoint = Endpoint{server.url(), "sesame", ""}] {
            StdioBridgeOptions options;
            options.endpoint = endpoint;
            options.input = pipe_[0];
            options.write_line = [this](const std::string& line) {
                const std::lock_guard lock(mutex_);
                lines_.push_back(line);
            };
            EXPECT_TRUE(run_stdio_bridge(std::move(options)));
        });
    }
    void say(const std::string& line) {
        const std::string text = line + "\n";
        EXPECT_EQ(write(pipe_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    /// Ends the input and waits for the bridge to end.
    void finish() {
        if (pipe_[1] >= 0) {
            close(pipe_[1]);
            pipe_[1] = -1;
        }
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    std::vector<std::string> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    template <class Condition>
    static bool eventually(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < end) {
            std::this_thread::yield();
        }
        return condition();
    }

    int pipe_[2] = {-1, -1};
    std::thread thread_;
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

std::string answer_to(const SeenRequest& request, const std::string& result) {
    const auto value = json::parse(request.body, kJsonLimits);
    const std::string id(JsonNode(*value)["id"].raw());
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}";
}

bool is_about(const SeenRequest& request, const std::string& method) {
    return request.body.find("\"" + method + "\"") != std::string::npos;
}

constexpr const char* kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})";

TEST_F(BridgeTest, CarriesASessionFromItsOpeningToItsEnd) {
    FakeServer server([](const SeenRequest& request) -> std::optional<http::Response> {
        if (request.method == "GET") {
            return std::nullopt;
        }
        if (request.method == "DELETE" || is_about(request, "notifications/initialized")) {
            return json_response(202, "");
        }
        http::Response response =
            json_response(200, answer_to(request, R"({"protocolVersion":"2025-06-18"})"));
        if (is_about(request, "initialize")) {
            response.headers.add("Mcp-Session-Id", "session-1");
        }
        return response;
    });
    start(server);
    say(kInitialize);
    say(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    say(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    EXPECT_TRUE(eventually([&] { return lines().size() == 2 && server.seen().size() == 4; }));
    finish();
    const std::vector<SeenRequest> seen = server.seen();
    ASSERT_EQ(seen.size(), 5U);
    EXPECT_FALSE(seen[0].headers.find("Mcp-Session-Id"));
    for (std::size_t i = 1; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i].headers.find("Authorization"), "Bearer sesame");
        EXPECT_EQ(seen[i].headers.find("Mcp-Session-Id"), "session-1") << seen[i].method;
        EXPECT_EQ(seen[i].headers.find("MCP-Protocol-Version"), "2025-06-18");
    }
    EXPECT_EQ(seen.back().method, "DELETE");
    EXPECT_EQ(seen.back().target, "/mcp");
}

TEST_F(BridgeTest, AnswersWhatIsInFlightWhenTheInputEnds) {
    FakeServer server(
        [](const SeenRequest& request) { return json_response(200, answer_to(request, "{}")); });
    start(server);
    for (int i = 0; i < 20; ++i) {
        say(R"({"jsonrpc":"2.0","method":"ping","id":)" + std::to_string(i) + "}");
    }
    finish();
    EXPECT_EQ(lines().size(), 20U);
}

TEST_F(BridgeTest, TurnsFailuresIntoErrorsOfTheRequest) {
    FakeServer server([](const SeenRequest& request) {
        if (is_about(request, "tools/list")) {
            return json_response(401, R"({"detail":"a valid key is needed"})");
        }
        if (is_about(request, "nonsense")) {
            return json_response(
                404,
                "{\"jsonrpc\":\"2.0\",\n\"id\":2,\"error\":{\"code\":-32601,\"message\":\"m\"}}");
        }
        return json_response(200, "");
    });
    start(server);
    say(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
    EXPECT_TRUE(eventually([&] { return lines().size() == 1; }));
    say(R"({"jsonrpc":"2.0","id":2,"method":"nonsense"})");
    EXPECT_TRUE(eventually([&] { return lines().size() == 2; }));
    say(R"({"jsonrpc":"2.0","id":3,"method":"silence"})");
    EXPECT_TRUE(eventually([&] { return lines().size() == 3; }));
    say("{broken");
    finish();
    const auto said = lines();
    ASSERT_EQ(said.size(), 4U);
    EXPECT_NE(said[0].find(R"("id":1,"error":{"code":-32000,"message":"a valid key is needed)"),
              std::string::npos)
        << said[0];
    EXPECT_EQ(said[1], R"({"jsonrpc":"2.0", "id":2,"error":{"code":-32601,"message":"m"}})");
    EXPECT_NE(said[2].find("the server ended without an answer"), std::string::npos) << said[2];
    EXPECT_NE(said[3].find(R"("id":null,"error":{"code":-32700)"), std::string::npos) << said[3];
}

TEST_F(BridgeTest, OpensALostSessionAnew) {
    std::atomic<int> sessions = 0;
    FakeServer server([&sessions](const SeenRequest& request) -> std::optional<http::Response> {
        if (request.method != "POST") {
            return json_response(405, "");
        }
        if (is_about(request, "initialize")) {
            http::Response response =
                json_response(200, answer_to(request, R"({"protocolVersion":"2025-11-25"})"));
            response.headers.add("Mcp-Session-Id", "session-" + std::to_string(++sessions));
            return response;
        }
        if (request.headers.find("Mcp-Session-Id") == "session-1") {
            return json_response(404, "");
        }
        return is_about(request, "notifications/initialized")
                   ? json_response(202, "")
                   : json_response(200, answer_to(request, "{}"));
    });
    start(server);
    say(kInitialize);
    say(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    say(R"({"jsonrpc":"2.0","id":2,"method":"ping"})");
    finish();
    const auto said = lines();
    ASSERT_EQ(said.size(), 3U);
    EXPECT_NE(said[1].find("\"result\""), std::string::npos) << said[1];
    EXPECT_NE(said[2].find("\"result\""), std::string::npos) << said[2];
    EXPECT_EQ(sessions, 2);
}

TEST_F(BridgeTest, ClosesTheStreamOfAStatelessRequestThatIsCancelled) {
    FakeServer server([](const SeenRequest&) { return std::nullopt; });
    start(server);
    const std::string meta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})";
    say(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x",)" + meta + "}}");
    EXPECT_TRUE(eventually([&] { return server.seen().size() == 1; }));
    say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,)" + meta +
        "}}");
    EXPECT_TRUE(eventually([&] { return server.abandoned() == 1; }));
    // A subscription has no end of its own: it ends with the input.
    say(R"({"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","params":{)" + meta + "}}");
    EXPECT_TRUE(eventually([&] { return server.seen().size() == 2; }));
    finish();
    EXPECT_TRUE(eventually([&] { return server.abandoned() == 2; }));
    EXPECT_TRUE(lines().empty());
}

TEST_F(BridgeTest, SaysThatNoServerIsThereAndGoesOn) {
    std::optional<FakeServer> server;
    server.emplace([](const SeenRequest&) { return json_response(200, "{}"); });
    const std::string url = server->url();
    start(*server);
    server.reset();
    say(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    say(R"({"jsonrpc":"2.0","id":2,"method":"ping"})");
    finish();
    ASSERT_EQ(lines().size(), 2U);
    EXPECT_NE(lines()[0].find("cannot connect"), std::string::npos) << lines()[0];
}

}  // namespace
}  // namespace pgmind::app
