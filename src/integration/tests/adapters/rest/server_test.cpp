#include <gtest/gtest.h>

#include "../fake_cluster.hpp"
#include "../fake_memory.hpp"
#include "../fake_security.hpp"
#include "async/workers.hpp"
#include "integration/adapters/rest/rest_handler.hpp"
#include "platform/http/client.hpp"
#include "platform/http/content_coding.hpp"

namespace pgmind::integration {
namespace {

using testing::make_entry;

/// The REST handler over fakes, behind the real HTTP server, asked by the real client.
class RestServerTest : public ::testing::Test {
  protected:
    RestServerTest() : traces_(TraceLimits()) {
        security_.add("admin", "admin", {{security::Role::admin, "*", false}});
        server_ = std::make_unique<http::Server>(workers_, http::ServerOptions(), [this](auto) {
            return make_rest_handler(RestDependencies{memory_, intelligence_, cluster_, security_,
                                                      bus_, metrics_, traces_, RestOptions()});
        });
        workers_.start();
        const auto started = server_->start();
        EXPECT_TRUE(started) << started.error().detail;
        http::ClientOptions options;
        options.base_url = "http://127.0.0.1:" + std::to_string(server_->port());
        auto client = http::Client::make(loop_, blocking_, options);
        EXPECT_TRUE(client) << client.error().detail;
        client_.emplace(std::move(*client));
    }

    ~RestServerTest() override {
        client_.reset();
        async::run_blocking_loop(loop_, server_->drain(in_time()));
        workers_.stop();
        workers_.join();
    }

    static Deadline in_time() { return Deadline::after(std::chrono::seconds(20)); }

    Result<http::Response> send(std::string method, std::string target, http::Headers headers,
                                std::string body) {
        headers.add("Authorization", "Bearer admin");
        return async::run_blocking_loop(
            loop_, client_->send(std::move(method), std::move(target), std::move(headers),
                                 std::move(body), in_time()));
    }

    // The head of the answer; `received` is its body as it came in.
    Result<http::Response> download(std::string target, std::string& received) {
        http::Headers headers;
        headers.add("Authorization", "Bearer admin");
        const auto take = [&received](std::string_view part) -> Task<Result<void>> {
            received += part;
            return done();
        };
        return async::run_blocking_loop(
            loop_,
            client_->stream("GET", std::move(target), std::move(headers), {}, take, in_time()));
    }

    static Task<Result<void>> done() { co_return Result<void>(); }

    boost::asio::io_context loop_{1};
    async::BlockingPool blocking_{1, 4};
    async::Workers workers_{1};
    testing::FakeMemory memory_;
    testing::FakeIntelligence intelligence_;
    testing::FakeCluster cluster_;
    testing::FakeSecurity security_;
    async::EventBus bus_;
    metrics::Registry metrics_;
    TraceStore traces_;
    std::unique_ptr<http::Server> server_;
    std::optional<http::Client> client_;
};

TEST_F(RestServerTest, HeadTellsWhatGetWouldSend) {
    const auto got = send("GET", "/api/v1/namespaces/notes/entries/k", {}, "");
    ASSERT_TRUE(got) << got.error().detail;
    const auto head = send("HEAD", "/api/v1/namespaces/notes/entries/k", {}, "");
    ASSERT_TRUE(head) << head.error().detail;
    EXPECT_EQ(head->status, 200u);
    EXPECT_TRUE(head->body.empty());
    EXPECT_EQ(head->headers.find("ETag"), got->headers.find("ETag"));
    EXPECT_EQ(head->headers.find("Content-Length"), std::to_string(got->body.size()));
}

TEST_F(RestServerTest, A304HasNoBody) {
    http::Headers headers;
    headers.add("If-None-Match", "*");
    const auto answer = send("GET", "/api/v1/namespaces/notes/entries/k", headers, "");
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 304u);
    // The connection goes on: the next answer is not mistaken for that body.
    EXPECT_EQ(send("GET", "/healthz", {}, "")->status, 200u);
}

TEST_F(RestServerTest, ImportsGzipAndTellsProgress) {
    std::string lines;
    for (int i = 0; i < 6000; ++i) {
        lines += R"({"key":")" + std::to_string(i) + "\",\"value\":\"some words\"}\n";
    }
    http::Headers headers;
    headers.add("Content-Type", "application/x-ndjson");
    headers.add("Content-Encoding", "gzip");
    headers.add("Accept", "application/x-ndjson");
    const auto answer = send("POST", "/api/v1/namespaces/notes/import", headers, http::gzip(lines));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 200u);
    EXPECT_NE(answer->body.find("{\"done\":true,\"lines\":6000,\"stored\":6000"), std::string::npos)
        << answer->body;
    EXPECT_EQ(memory_.imported.size(), 2u);
}

TEST_F(RestServerTest, ARefusedImportIsAnsweredThoughItsBodyGoesOn) {
    http::Headers headers;
    headers.add("Content-Type", "application/x-ndjson");
    const auto answer = send("POST", "/api/v1/namespaces/notes/import", headers,
                             "nonsense\n" + std::string(4 * 1024 * 1024, '\n'));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 400u);
    EXPECT_NE(answer->body.find("\"line\":1"), std::string::npos);
}

TEST_F(RestServerTest, ExportsMoreThanItHolds) {
    const std::vector<memory::Entry> batch(
        200, make_entry("n", "k", '"' + std::string(1000, 'x') + '"'));
    memory_.exported.assign(100, batch);
    std::string received;
    const auto answer = download("/api/v1/namespaces/n/export", received);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 200u);
    EXPECT_EQ(std::count(received.begin(), received.end(), '\n'), 20'000);
    EXPECT_TRUE(received.ends_with("}\n"));
}

TEST_F(RestServerTest, ABrokenExportCannotBeTakenForAWholeOne) {
    memory_.exported = {std::vector<memory::Entry>(500, make_entry("n", "k", "1"))};
    memory_.export_error = Error(BaseErrc::unavailable, "the shard went away");
    std::string received;
    EXPECT_FALSE(download("/api/v1/namespaces/n/export", received));
}

TEST_F(RestServerTest, ABodyBeyondTheLimitIs413) {
    http::Headers headers;
    headers.add("Content-Type", "application/json");
    const auto answer = send("POST", "/api/v1/search", headers, std::string(2 * 1024 * 1024, ' '));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 413u);
    EXPECT_NE(answer->body.find("payload_too_large"), std::string::npos);
}

}  // namespace
}  // namespace pgmind::integration
