#include "platform/http/client.hpp"

#include <gtest/gtest.h>

#include "async/notifier.hpp"
#include "platform/http/errors.hpp"
#include "platform/http/tests/fake_server.hpp"
#include "platform/http/tests/testing.hpp"

namespace pgmind::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<void> describe(Exchange& exchange) {
    const RequestHead& head = exchange.head();
    Response response;
    auto body = co_await exchange.read_body(10'000'000);
    response.status = head.path.ends_with("/teapot") ? 404 : 200;
    response.headers.add("X-Secure", head.secure ? "yes" : "no");
    response.headers.add("X-Agent", std::string(head.headers.find("User-Agent").value_or("none")));
    response.body = head.method + " " + head.target + " " + (body ? *body : body.error().detail);
    co_await exchange.respond(std::move(response));
}

Task<void> wait_long(Exchange& exchange) {
    const Deadline deadline = Deadline::after(seconds(10));
    const Executor executor = co_await async::this_executor();
    auto gone = std::make_shared<async::Notifier>(executor);
    exchange.notify_disconnect([gone] { gone->notify_all(); });
    co_await gone->wait_until(deadline);
    co_await exchange.respond(Response());
}

Task<void> refuse_without_reading(Exchange& exchange) {
    Response response;
    response.status = 413;
    response.body = "no";
    co_await exchange.respond(std::move(response));
}

Task<void> stream_numbers(Exchange& exchange) {
    co_await exchange.start(200, Headers());
    for (int i = 0; i < 1000; ++i) {
        const std::string number = std::to_string(i) + ",";
        co_await exchange.write(number);
    }
    co_await exchange.finish();
}

Task<void> route(Exchange& exchange) {
    const std::string& path = exchange.head().path;
    if (path == "/wait") {
        co_await wait_long(exchange);
    } else if (path == "/refuse") {
        co_await refuse_without_reading(exchange);
    } else if (path == "/numbers") {
        co_await stream_numbers(exchange);
    } else {
        co_await describe(exchange);
    }
}

class ClientTest : public testing::Test {
  protected:
    Client make(const std::string& url, ClientOptions options = {}) {
        options.base_url = url;
        auto client = Client::make(loop_, blocking_, std::move(options));
        EXPECT_TRUE(client.has_value()) << (client ? "" : client.error().detail);
        return std::move(*client);
    }

    Result<Response> send(Client& client, const std::string& method, const std::string& target,
                          const std::string& body = "", milliseconds patience = seconds(10)) {
        return async::run_blocking_loop(
            loop_, client.send(method, target, Headers(), body, Deadline::after(patience)));
    }

    boost::asio::io_context loop_{1};
    async::BlockingPool blocking_{1, 16};
};

TEST_F(ClientTest, SendsAndReceivesOnOneKeptConnection) {
    TestServer server(route);
    Client client = make(server.url() + "/prefix/");
    for (int i = 0; i < 5; ++i) {
        const auto response = send(client, "POST", "/a%20b?c=d", "body");
        ASSERT_TRUE(response.has_value()) << response.error().detail;
        EXPECT_EQ(response->status, 200U);
        EXPECT_EQ(response->body, "POST /prefix/a%20b?c=d body");
        EXPECT_EQ(response->headers.find("x-secure"), "no");
        EXPECT_EQ(response->headers.find("X-Agent"), "pgmind");
    }
    EXPECT_EQ(send(client, "GET", "/teapot")->status, 404U);
    EXPECT_EQ(send(client, "HEAD", "/x")->body, "");
    EXPECT_EQ(send(client, "DELETE", "/x")->body, "DELETE /prefix/x ");
    EXPECT_EQ(server.server().statistics().connections_total, 1U);
}

TEST_F(ClientTest, CarriesLargeBodiesBothWays) {
    const TestServer server(route);
    Client client = make(server.url());
    const std::string large(9'000'000, 'l');
    const auto response = send(client, "PUT", "/large", large);
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->body.size(), large.size() + std::string_view("PUT /large ").size());
    ClientOptions options;
    options.response_bytes_max = 1000;
    Client limited = make(server.url(), options);
    const auto refused = send(limited, "PUT", "/large", large);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, make_error_code(Errc::bad_response));
}

// Parts made by a source: `count` times `part`.
struct Parts {
    std::string part;
    int count;
    Result<void> failure{};
};

Task<Result<std::optional<std::string>>> next_part(Parts& parts) {
    if (!parts.failure) {
        co_return fail(parts.failure.error());
    }
    if (parts.count-- <= 0) {
        co_return std::nullopt;
    }
    co_return parts.part;
}

Task<Result<void>> collect(std::string& all, std::string_view part) {
    all += part;
    co_return Result<void>();
}

Task<Result<void>> collect_until_full(std::string& all, std::string_view part) {
    all += part;
    if (all.size() > 100) {
        co_return fail(BaseErrc::cancelled, "enough");
    }
    co_return Result<void>();
}

TEST_F(ClientTest, StreamsARequestFromASource) {
    const TestServer server(route);
    Client client = make(server.url());
    Parts parts{"0123456789", 1000};
    const auto response = async::run_blocking_loop(
        loop_, client.stream(
                   "POST", "/s", Headers(), [&parts] { return next_part(parts); }, nullptr,
                   Deadline::after(seconds(10))));
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->body.size(), 10'000 + std::string_view("POST /s ").size());
    Parts failing{"x", 1, fail(BaseErrc::cancelled, "source failed")};
    const auto failed = async::run_blocking_loop(
        loop_, client.stream(
                   "POST", "/s", Headers(), [&failing] { return next_part(failing); }, nullptr,
                   Deadline::after(seconds(10))));
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().detail, "source failed");
    EXPECT_EQ(send(client, "GET", "/after")->body, "GET /after ");
}

TEST_F(ClientTest, StreamsAResponseIntoASink) {
    const TestServer server(route);
    Client client = make(server.url());
    std::string all;
    const auto response = async::run_blocking_loop(
        loop_, client.stream(
                   "GET", "/numbers", Headers(), nullptr,
                   [&all](std::string_view part) { return collect(all, part); },
                   Deadline::after(seconds(10))));
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->body, "");
    EXPECT_TRUE(all.ends_with("998,999,"));
    std::string some;
    const auto stopped = async::run_blocking_loop(
        loop_, client.stream(
                   "GET", "/numbers", Headers(), nullptr,
                   [&some](std::string_view part) { return collect_until_full(some, part); },
                   Deadline::after(seconds(10))));
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().detail, "enough");
    const auto error = async::run_blocking_loop(
        loop_, client.stream(
                   "GET", "/teapot", Headers(), nullptr,
                   [&some](std::string_view part) { return collect(some, part); },
                   Deadline::after(seconds(10))));
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->body, "GET /teapot ");
}

TEST_F(ClientTest, HearsARefusalWhileItStillSends) {
    const TestServer server(route);
    Client client = make(server.url());
    Parts parts{std::string(100'000, 'x'), 10'000};
    const auto response = async::run_blocking_loop(
        loop_, client.stream(
                   "POST", "/refuse", Headers(), [&parts] { return next_part(parts); }, nullptr,
                   Deadline::after(seconds(10))));
    ASSERT_TRUE(response.has_value()) << response.error().detail;
    EXPECT_EQ(response->status, 413U);
    EXPECT_GT(parts.count, 0);
    EXPECT_EQ(send(client, "GET", "/after")->body, "GET /after ");
}

TEST_F(ClientTest, GivesUpAtTheDeadline) {
    const TestServer server(route);
    Client client = make(server.url());
    const auto begin = std::chrono::steady_clock::now();
    const auto late = send(client, "GET", "/wait", "", milliseconds(50));
    ASSERT_FALSE(late.has_value());
    EXPECT_TRUE(late.error().is(Failure::deadline_exceeded)) << late.error().detail;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
    EXPECT_FALSE(send(client, "GET", "/x", "", milliseconds(0)).has_value());
    EXPECT_EQ(send(client, "GET", "/after")->body, "GET /after ");
}

Task<void> send_and_count(Client& client, std::string target, Deadline deadline, int& succeeded,
                          int& late) {
    auto response =
        co_await client.send("GET", std::move(target), Headers(), std::string(), deadline);
    succeeded += response.has_value() ? 1 : 0;
    late += !response && response.error().is(Failure::deadline_exceeded) ? 1 : 0;
}

TEST_F(ClientTest, SharesAFewConnectionsAmongMany) {
    TestServer server(route);
    ClientOptions options;
    options.connections_max = 2;
    Client client = make(server.url(), options);
    int succeeded = 0;
    int late = 0;
    for (int i = 0; i < 20; ++i) {
        async::spawn(loop_.get_executor(),
                     send_and_count(client, "/x", Deadline::after(seconds(10)), succeeded, late));
    }
    loop_.restart();
    loop_.run();
    EXPECT_EQ(succeeded, 20);
    EXPECT_EQ(server.server().statistics().connections_total, 2U);
    for (int i = 0; i < 3; ++i) {
        async::spawn(
            loop_.get_executor(),
            send_and_count(client, "/wait", Deadline::after(milliseconds(50)), succeeded, late));
    }
    loop_.restart();
    loop_.run();
    EXPECT_EQ(late, 3);
}

TEST_F(ClientTest, ConnectsAgainWhenTheServerHasClosedTheKeptConnection) {
    ServerOptions options;
    options.keep_alive_timeout = milliseconds(30);
    TestServer server(route, options);
    Client client = make(server.url());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(send(client, "POST", "/x", "b")->body, "POST /x b");
        EXPECT_TRUE(eventually([&] { return server.server().statistics().connections_open == 0; }));
    }
    EXPECT_EQ(server.server().statistics().connections_total, 3U);
}

TEST_F(ClientTest, RepeatsOnlyWhatMayHappenTwiceWhenAConnectionIsLost) {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    // Each connection answers once, then reads the next request and closes.
    FakeServer server({answer, ""});
    Client client = make(server.url());
    EXPECT_EQ(send(client, "GET", "/1")->body, "ok");
    EXPECT_EQ(send(client, "GET", "/2")->body, "ok");
    EXPECT_EQ(server.connections(), 2);
    const auto lost = send(client, "POST", "/3", "x");
    ASSERT_FALSE(lost.has_value());
    EXPECT_TRUE(lost.error().is(Failure::outcome_unknown)) << lost.error().detail;
}

TEST_F(ClientTest, UnderstandsTheWaysInWhichServersAnswer) {
    const std::vector<std::pair<std::string, std::string>> answers = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
         "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
         "ok"},
        {"HTTP/1.1 204 No Content\r\n\r\n", ""},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", ""},
    };
    for (const auto& [bytes, body] : answers) {
        FakeServer server({bytes});
        Client client = make(server.url());
        const auto response = send(client, "GET", "/");
        ASSERT_TRUE(response.has_value()) << bytes << response.error().detail;
        EXPECT_EQ(response->body, body);
    }
}

TEST_F(ClientTest, RefusesAnswersThatAreNotHttp) {
    const std::vector<std::string> answers = {
        "SSH-2.0-OpenSSH\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ncut",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n",
        "",
    };
    for (const std::string& bytes : answers) {
        FakeServer server({bytes});
        Client client = make(server.url());
        const auto response = send(client, "GET", "/");
        ASSERT_FALSE(response.has_value()) << bytes;
        EXPECT_TRUE(response.error().is(Failure::unavailable)) << bytes;
    }
}

TEST_F(ClientTest, SaysWhyItCannotConnect) {
    std::uint16_t free_port = 0;
    {
        const TestServer server(route);
        free_port = server.port();
    }
    Client nobody = make("http://127.0.0.1:" + std::to_string(free_port));
    const auto refused = send(nobody, "GET", "/");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().detail,
              "cannot connect to 127.0.0.1:" + std::to_string(free_port) + ": Connection refused");
    Client nowhere = make("http://does-not-exist.invalid");
    const auto unknown = send(nowhere, "GET", "/");
    ASSERT_FALSE(unknown.has_value());
    EXPECT_TRUE(unknown.error().is(Failure::unavailable)) << unknown.error().detail;
}

TEST_F(ClientTest, RefusesUrlsAndRequestsThatItCannotSend) {
    for (const char* url : {"", "localhost:80", "ftp://h", "http://", "http://u:p@h/", "http://h?q",
                            "http://h#f", "http://h:99999", "http://h:0", "http://h:x"}) {
        ClientOptions options;
        options.base_url = url;
        const auto client = Client::make(loop_, blocking_, options);
        ASSERT_FALSE(client.has_value()) << url;
        EXPECT_EQ(client.error().code, make_error_code(Errc::invalid_options));
    }
    Client client = make("http://127.0.0.1:1");
    EXPECT_EQ(send(client, "GET", "/a b").error().code, make_error_code(Errc::misuse));
    EXPECT_EQ(send(client, "GET", "x").error().code, make_error_code(Errc::misuse));
    EXPECT_EQ(send(client, "GE T", "/").error().code, make_error_code(Errc::misuse));
    Headers injected;
    injected.add("A", "b\r\nC: d");
    const auto refused = async::run_blocking_loop(
        loop_, client.send("GET", "/", injected, "", Deadline::after(seconds(1))));
    EXPECT_EQ(refused.error().code, make_error_code(Errc::misuse));
}

}  // namespace
}  // namespace pgmind::http
