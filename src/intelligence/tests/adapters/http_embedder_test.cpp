#include <gtest/gtest.h>

#include "async/workers.hpp"
#include "intelligence/adapters/embedders.hpp"
#include "platform/http/server.hpp"

namespace pgmind::intelligence {
namespace {

struct Canned {
    unsigned status = 200;
    std::string body;
    std::string seen_target;
    std::string seen_body;
    std::string seen_authorization;
};

// A member coroutine cannot be a capturing lambda: the state comes as a parameter.
Task<void> serve(Canned& canned, http::Exchange& exchange) {
    auto body = co_await exchange.read_body(1 << 20);
    canned.seen_body = body.value_or("");
    canned.seen_target = exchange.head().target;
    canned.seen_authorization = exchange.head().headers.find("Authorization").value_or("");
    http::Response response;
    response.status = canned.status;
    response.body = canned.body;
    auto sent = co_await exchange.respond(std::move(response));
    EXPECT_TRUE(sent.has_value());
}

// A real server on a free port that answers with what the test says.
class HttpEmbedderTest : public testing::Test {
  protected:
    HttpEmbedderTest()
        : server_(workers_, http::ServerOptions{}, [this](std::size_t) -> http::Handler {
              return [this](http::Exchange& exchange) { return serve(canned_, exchange); };
          }) {}

    void SetUp() override {
        ASSERT_TRUE(server_.start().has_value());
        workers_.start();
    }
    void TearDown() override {
        workers_.stop();
        workers_.join();
    }

    Result<std::vector<std::vector<float>>> embed(EmbedderKind kind) {
        EmbedderOptions options;
        options.kind = kind;
        options.url = "http://127.0.0.1:" + std::to_string(server_.port());
        options.model = "small";
        options.api_key = "sesame";
        options.dimensions = kind == EmbedderKind::openai ? 2 : 0;
        auto embedder = make_http_embedder(loop_, blocking_, options);
        const Deadline deadline = Deadline::after(std::chrono::seconds(10));
        return async::run_blocking_loop(loop_, (*embedder)->embed({"one", "two"}, deadline));
    }

    Canned canned_;
    async::Workers workers_{1};
    http::Server server_;
    boost::asio::io_context loop_{1};
    async::BlockingPool blocking_{1, 4};
};

TEST_F(HttpEmbedderTest, SpeaksTheOpenAiForm) {
    canned_.body = R"({"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[0.5,-2]}]})";
    const auto vectors = embed(EmbedderKind::openai);
    ASSERT_TRUE(vectors.has_value()) << vectors.error().detail;
    EXPECT_EQ(*vectors, (std::vector<std::vector<float>>{{0.5, -2}, {3, 4}}));
    EXPECT_EQ(canned_.seen_target, "/v1/embeddings");
    EXPECT_EQ(canned_.seen_body, R"({"model":"small","input":["one","two"],"dimensions":2})");
    EXPECT_EQ(canned_.seen_authorization, "Bearer sesame");
}

TEST_F(HttpEmbedderTest, SpeaksTheOllamaForm) {
    canned_.body = R"({"embeddings":[[1,2],[3,4]]})";
    const auto vectors = embed(EmbedderKind::ollama);
    ASSERT_TRUE(vectors.has_value()) << vectors.error().detail;
    EXPECT_EQ(*vectors, (std::vector<std::vector<float>>{{1, 2}, {3, 4}}));
    EXPECT_EQ(canned_.seen_target, "/api/embed");
    EXPECT_EQ(canned_.seen_body, R"({"model":"small","input":["one","two"],"truncate":false})");
}

TEST_F(HttpEmbedderTest, AFailingServiceIsUnavailable) {
    canned_.status = 500;
    canned_.body = "out of memory";
    const auto vectors = embed(EmbedderKind::openai);
    ASSERT_FALSE(vectors.has_value());
    EXPECT_TRUE(vectors.error().is(Failure::unavailable));
    EXPECT_NE(vectors.error().detail.find("500: out of memory"), std::string::npos);
}

TEST_F(HttpEmbedderTest, AnswersOfAnotherShapeAreRefused) {
    for (const char* body :
         {"", "[]", "{}", R"({"data":1})", R"({"data":[{"embedding":[1]}]})",
          R"({"data":[{"index":5,"embedding":[1]}]})", R"({"data":[{"index":0,"embedding":1}]})",
          R"({"data":[{"index":0,"embedding":["x"]}]})",
          R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})"}) {
        canned_.body = body;
        const auto vectors = embed(EmbedderKind::openai);
        ASSERT_FALSE(vectors.has_value()) << body;
        EXPECT_TRUE(vectors.error().is(Failure::unavailable));
    }
}

TEST(HttpEmbedder, RefusesAUrlThatIsNone) {
    boost::asio::io_context loop(1);
    async::BlockingPool blocking(1, 4);
    EmbedderOptions options;
    options.url = "ftp://nowhere";
    EXPECT_FALSE(make_http_embedder(loop, blocking, options).has_value());
}

}  // namespace
}  // namespace pgmind::intelligence
