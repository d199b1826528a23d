#include <gtest/gtest.h>

#include "../fake_cluster.hpp"
#include "async/when_all.hpp"
#include "in_memory_world.hpp"
#include "integration/adapters/mcp/mcp_endpoint.hpp"
#include "platform/http/client.hpp"

namespace pgmind::integration {
namespace {

using testing::FakeCluster;
using testing::InMemoryMemory;
using testing::InMemoryStore;
using testing::PublishingSecurity;

constexpr std::size_t kWorkers = 3;
constexpr std::size_t kCalls = 60;

/// The endpoint on several workers, behind the real HTTP server: what arrives on one worker is
/// often answered on another.
class McpServerTest : public ::testing::Test {
  protected:
    struct Worker {
        Worker(InMemoryStore& store, async::EventBus& bus) : memory(store, bus), security(bus) {
            security.fake.add("admin", "admin", {{security::Role::admin, "*", false}});
        }
        InMemoryMemory memory;
        PublishingSecurity security;
    };

    McpServerTest() {
        for (std::size_t i = 0; i < kWorkers; ++i) {
            parts_.push_back(std::make_unique<Worker>(store_, *bus_));
        }
        server_ = std::make_unique<http::Server>(
            workers_, http::ServerOptions(), [this](std::size_t index) {
                Worker& worker = *parts_[index];
                return endpoint_.make_handler(
                    index, {worker.memory, cluster_, worker.security, *bus_, metrics_});
            });
        workers_.start();
        const auto started = server_->start();
        EXPECT_TRUE(started) << started.error().detail;
        http::ClientOptions options;
        options.base_url = "http://127.0.0.1:" + std::to_string(server_->port());
        options.connections_max = 16;
        client_.emplace(http::Client::make(loop_, blocking_, options).value());
    }

    ~McpServerTest() override {
        client_.reset();
        async::run_blocking_loop(loop_, server_->drain(in_time()));
        workers_.stop();
        workers_.join();
        server_.reset();
        bus_.reset();
    }

    static Deadline in_time() { return Deadline::after(std::chrono::seconds(60)); }

    static http::Headers headers(const std::string& session) {
        http::Headers all;
        all.add("Authorization", "Bearer admin");
        all.add("Content-Type", "application/json");
        if (!session.empty()) {
            all.add("Mcp-Session-Id", session);
        }
        return all;
    }

    Task<Result<http::Response>> post(std::string session, std::string body) {
        const Deadline deadline = in_time();
        auto response =
            co_await client_->send("POST", "/mcp", headers(session), std::move(body), deadline);
        co_return response;
    }

    std::string open_session() {
        const auto answer = async::run_blocking_loop(
            loop_, post("", R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{)"
                            R"("protocolVersion":"2025-11-25","capabilities":{}}})"));
        EXPECT_TRUE(answer);
        return std::string(answer->headers.find("Mcp-Session-Id").value_or(""));
    }

    static std::string store_call(std::size_t number) {
        const std::string text = std::to_string(number);
        return R"({"jsonrpc":"2.0","id":)" + text +
               R"(,"method":"tools/call","params":{"name":"memory_store","arguments":{)"
               R"("namespace":"notes","key":"k)" +
               text + R"(","value":)" + text + "}}}";
    }

    // Reads a session's own stream until it ends.
    Task<void> listen(std::string session, std::shared_ptr<std::string> received,
                      std::shared_ptr<bool> ended) {
        http::Headers all = headers(session);
        all.add("Accept", "text/event-stream");
        const auto take = [received](std::string_view part) { return keep(received, part); };
        const Deadline deadline = in_time();
        const auto done =
            co_await client_->stream("GET", "/mcp", std::move(all), {}, take, deadline);
        EXPECT_TRUE(done);
        *ended = true;
    }

    static Task<Result<void>> keep(std::shared_ptr<std::string> received, std::string_view part) {
        *received += part;
        co_return Result<void>();
    }

    template <class Condition>
    void run_until(Condition condition) {
        const Deadline deadline = in_time();
        loop_.restart();
        while (!condition() && !deadline.passed()) {
            loop_.run_one_for(std::chrono::milliseconds(50));
        }
        EXPECT_TRUE(condition());
    }

    boost::asio::io_context loop_{1};
    async::BlockingPool blocking_{1, 4};
    InMemoryStore store_;
    FakeCluster cluster_;
    metrics::Registry metrics_;
    async::Workers workers_{kWorkers};
    McpEndpoint endpoint_{workers_, McpOptions()};
    std::unique_ptr<async::EventBus> bus_ = std::make_unique<async::EventBus>();
    std::vector<std::unique_ptr<Worker>> parts_;
    std::unique_ptr<http::Server> server_;
    std::optional<http::Client> client_;
};

TEST_F(McpServerTest, a_session_is_served_from_all_workers_at_once) {
    const std::string session = open_session();
    std::vector<Task<Result<http::Response>>> calls;
    for (std::size_t i = 0; i < kCalls; ++i) {
        calls.push_back(post(session, store_call(i)));
    }
    const auto answers = async::run_blocking_loop(loop_, async::when_all(std::move(calls)));
    for (std::size_t i = 0; i < kCalls; ++i) {
        ASSERT_TRUE(answers[i]) << answers[i].error().detail;
        EXPECT_EQ(answers[i]->status, 200U) << answers[i]->body;
        EXPECT_TRUE(answers[i]->body.starts_with(R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
                                                 R"(,"result")"))
            << answers[i]->body;
    }
    EXPECT_EQ(store_.entries.size(), kCalls);
}

TEST_F(McpServerTest, changes_made_on_any_worker_reach_the_session_until_it_ends) {
    const std::string session = open_session();
    const auto received = std::make_shared<std::string>();
    const auto ended = std::make_shared<bool>(false);
    async::spawn(loop_.get_executor(), listen(session, received, ended));
    run_until([&] { return received->find("retry:") != std::string::npos; });
    const auto watching = async::run_blocking_loop(
        loop_, post(session, R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe",)"
                             R"("params":{"uri":"pgmind://namespaces/notes"}})"));
    ASSERT_TRUE(watching);
    std::vector<Task<Result<http::Response>>> calls;
    for (std::size_t i = 0; i < 12; ++i) {
        calls.push_back(post(session, store_call(i)));
    }
    async::run_blocking_loop(loop_, async::when_all(std::move(calls)));
    for (std::size_t i = 0; i < 12; ++i) {
        const std::string uri = "pgmind://namespaces/notes/entries/k" + std::to_string(i) + "\"";
        run_until([&] { return received->find(uri) != std::string::npos; });
    }
    const Deadline deadline = in_time();
    const auto closed = async::run_blocking_loop(
        loop_, client_->send("DELETE", "/mcp", headers(session), "", deadline));
    EXPECT_EQ(closed->status, 204U);
    run_until([&] { return *ended; });
}

TEST_F(McpServerTest, a_server_that_drains_ends_the_streams) {
    const std::string session = open_session();
    const auto received = std::make_shared<std::string>();
    const auto ended = std::make_shared<bool>(false);
    async::spawn(loop_.get_executor(), listen(session, received, ended));
    run_until([&] { return !received->empty(); });
    const Deadline soon = Deadline::after(std::chrono::seconds(20));
    async::run_blocking_loop(loop_, server_->drain(soon));
    run_until([&] { return *ended; });
}

}  // namespace
}  // namespace pgmind::integration
