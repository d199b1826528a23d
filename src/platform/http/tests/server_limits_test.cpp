#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "async/notifier.hpp"
#include "platform/http/server.hpp"
#include "platform/http/tests/testing.hpp"

namespace pgmind::http {
namespace {

using std::chrono::milliseconds;

std::atomic<int> handlers_waiting{0};
std::atomic<int> disconnects{0};
std::atomic<int> handlers_done{0};
std::atomic<bool> release{false};
std::atomic<int> write_failures{0};

Task<void> answer(Exchange& exchange, std::string body) {
    Response response;
    response.body = std::move(body);
    co_await exchange.respond(std::move(response));
}

Task<void> wait_for_release(Exchange& exchange) {
    ++handlers_waiting;
    while (!release) {
        co_await async::wait_for(milliseconds(1));
    }
    co_await answer(exchange, "released");
    ++handlers_done;
}

Task<void> wait_for_disconnect(Exchange& exchange) {
    const Executor executor = co_await async::this_executor();
    async::Notifier gone(executor);
    exchange.notify_disconnect([&gone] {
        ++disconnects;
        gone.notify_all();
    });
    ++handlers_waiting;
    const Deadline deadline = Deadline::after(std::chrono::seconds(10));
    const bool told = co_await gone.wait_until(deadline);
    EXPECT_TRUE(told);
    ++handlers_done;
    co_await answer(exchange, "too late");
}

Task<void> stream_until_told(Exchange& exchange) {
    co_await exchange.start(200, Headers());
    ++handlers_waiting;
    const std::string event(1000, 'e');
    while (!exchange.draining()) {
        auto written = co_await exchange.write(event);
        if (!written) {
            ++write_failures;
            break;
        }
        co_await async::wait_for(milliseconds(1));
    }
    co_await exchange.finish();
    ++handlers_done;
}

Task<void> flood(Exchange& exchange) {
    co_await exchange.start(200, Headers());
    const std::string chunk(1'000'000, 'f');
    for (int i = 0; i < 1000; ++i) {
        auto written = co_await exchange.write(chunk);
        if (!written) {
            EXPECT_TRUE(written.error().is(Failure::deadline_exceeded));
            ++write_failures;
            break;
        }
    }
    ++handlers_done;
}

Task<void> watch_then_read(Exchange& exchange) {
    exchange.notify_disconnect([] { ++disconnects; });
    auto body = co_await exchange.read_body(1'000'000);
    if (!body) {
        EXPECT_TRUE(body.error().is(Failure::unavailable));
        ++handlers_done;
    }
    const std::string size = std::to_string(body ? body->size() : 0);
    co_await answer(exchange, "read " + size);
}

Task<void> read_all(Exchange& exchange) {
    auto body = co_await exchange.read_body(1'000'000);
    if (!body) {
        EXPECT_TRUE(body.error().is(Failure::deadline_exceeded));
        ++write_failures;
    }
    co_await answer(exchange, "done");
}

Task<void> route(Exchange& exchange) {
    const std::string& path = exchange.head().path;
    if (path == "/wait") {
        co_await wait_for_release(exchange);
    } else if (path == "/disconnect") {
        co_await wait_for_disconnect(exchange);
    } else if (path == "/events") {
        co_await stream_until_told(exchange);
    } else if (path == "/flood") {
        co_await flood(exchange);
    } else if (path == "/watch") {
        co_await watch_then_read(exchange);
    } else if (path == "/body") {
        co_await read_all(exchange);
    } else {
        co_await answer(exchange, "from " + exchange.head().remote_address);
    }
}

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

class ServerLimits : public testing::Test {
  protected:
    void SetUp() override {
        handlers_waiting = disconnects = handlers_done = write_failures = 0;
        release = false;
    }
    // One short timeout; the others stay long, so that a busy machine changes nothing.
    static ServerOptions with(milliseconds ServerOptions::* timeout) {
        ServerOptions options;
        options.*timeout = milliseconds(200);
        return options;
    }
};

TEST_F(ServerLimits, AHeadThatDoesNotArriveInTimeIsA408) {
    const TestServer server(route, with(&ServerOptions::header_timeout));
    const std::string slow = answer_to(server.port(), "GET / HTTP/1.1\r\nHost:");
    EXPECT_TRUE(slow.starts_with("HTTP/1.1 408 Request Timeout\r\n")) << slow;
    EXPECT_EQ(answer_to(server.port(), ""), "");
}

TEST_F(ServerLimits, AnIdleConnectionIsClosedSilently) {
    const TestServer server(route, with(&ServerOptions::keep_alive_timeout));
    RawClient client(server.port());
    client.send(get("/"));
    EXPECT_TRUE(client.read_response().ends_with("from 127.0.0.1"));
    EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerLimits, ABodyThatStallsIsA408) {
    const TestServer server(route, with(&ServerOptions::body_timeout));
    const std::string stalled = answer_to(
        server.port(), "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    EXPECT_TRUE(stalled.starts_with("HTTP/1.1 408 ")) << stalled;
    EXPECT_EQ(write_failures, 1);
}

// Each byte comes in time, but a whole body must keep a pace.
TEST_F(ServerLimits, ABodyThatDripsIsA408) {
    const TestServer server(route, with(&ServerOptions::body_timeout));
    RawClient client(server.port());
    client.send("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    auto next = std::chrono::steady_clock::now();
    while (write_failures == 0 && client.send("x")) {
        next += milliseconds(10);
        eventually([&] { return std::chrono::steady_clock::now() >= next; });
    }
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerLimits, AClientThatDoesNotReadIsCutOff) {
    TestServer server(route, with(&ServerOptions::write_timeout));
    RawClient client(server.port());
    client.set_receive_buffer(4096);
    client.send(get("/flood"));
    EXPECT_TRUE(eventually([] { return handlers_done == 1; }));
    EXPECT_EQ(write_failures, 1);
    EXPECT_TRUE(eventually([&] { return server.server().statistics().connections_open == 0; }));
}

TEST_F(ServerLimits, OneAddressDoesNotTakeAllConnections) {
    ServerOptions options;
    options.connections_max = 10;
    options.connections_per_address_max = 2;
    TestServer server(route, options);
    auto first = std::make_unique<RawClient>(server.port());
    RawClient second(server.port());
    for (RawClient* client : {first.get(), &second}) {
        client->send(get("/"));
        client->read_response();
    }
    const std::string refused = answer_to(server.port(), get("/"));
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << refused;
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
    EXPECT_NE(refused.find("this address has as many connections"), std::string::npos);
    EXPECT_EQ(server.server().statistics().connections_refused, 1U);
    first.reset();
    EXPECT_TRUE(eventually([&] {
        return answer_to(server.port(), "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200 ");
    }));
}

TEST_F(ServerLimits, ConnectionsAboveTheLimitAreTurnedAway) {
    ServerOptions options;
    options.connections_max = 2;
    TestServer server(route, options);
    auto first = std::make_unique<RawClient>(server.port());
    RawClient second(server.port());
    first->send(get("/"));
    first->read_response();
    second.send(get("/"));
    second.read_response();
    const std::string refused = answer_to(server.port(), get("/"));
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << refused;
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
    const Server::Statistics statistics = server.server().statistics();
    EXPECT_EQ(statistics.connections_open, 2U);
    EXPECT_EQ(statistics.connections_refused, 1U);
    EXPECT_EQ(statistics.connections_total, 3U);
    first.reset();
    EXPECT_TRUE(eventually([&] { return server.server().statistics().connections_open == 1; }));
    RawClient third(server.port());
    third.send(get("/"));
    EXPECT_TRUE(third.read_response().starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerLimits, AHandlerHearsThatItsClientHasGone) {
    const TestServer server(route);
    {
        RawClient client(server.port());
        client.send(get("/disconnect"));
        EXPECT_TRUE(eventually([] { return handlers_waiting == 1; }));
    }
    EXPECT_TRUE(eventually([] { return handlers_done == 1; }));
    EXPECT_EQ(disconnects, 1);
}

TEST_F(ServerLimits, PipelinedRequestsDoNotHideADisconnect) {
    const TestServer server(route);
    {
        RawClient client(server.port());
        client.send(get("/disconnect") + get("/"));
        EXPECT_TRUE(eventually([] { return handlers_waiting == 1; }));
        client.send(get("/"));
    }
    EXPECT_TRUE(eventually([] { return handlers_done == 1; }));
}

TEST_F(ServerLimits, WatchingDoesNotDisturbBodiesOrTheNextRequest) {
    const TestServer server(route);
    RawClient client(server.port());
    for (int i = 0; i < 5; ++i) {
        client.send("POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
        client.send(std::string(100'000, 'b'));
        EXPECT_TRUE(client.read_response().ends_with("read 100000"));
        client.send(get("/"));
        EXPECT_TRUE(client.read_response().ends_with("from 127.0.0.1"));
        client.send("POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + get("/"));
        EXPECT_TRUE(client.read_response().ends_with("read 3"));
        EXPECT_TRUE(client.read_response().ends_with("from 127.0.0.1"));
    }
    EXPECT_EQ(disconnects, 0);
}

TEST_F(ServerLimits, AClientThatGoesInsideItsBodyIsADisconnectToo) {
    const TestServer server(route);
    {
        RawClient client(server.port());
        client.send("POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
    }
    EXPECT_TRUE(eventually([] { return handlers_done == 1; }));
    EXPECT_EQ(disconnects, 1);
}

TEST_F(ServerLimits, DrainClosesIdleConnectionsAndWaitsForRequests) {
    TestServer server(route);
    RawClient idle(server.port());
    idle.send(get("/"));
    idle.read_response();
    RawClient busy(server.port());
    busy.send(get("/wait"));
    ASSERT_TRUE(eventually([] { return handlers_waiting == 1; }));
    std::thread drainer([&] { server.drain(std::chrono::seconds(10)); });
    EXPECT_EQ(idle.read_to_end(), "");
    release = true;
    const std::string last = busy.read_to_end();
    drainer.join();
    EXPECT_TRUE(last.ends_with("released"));
    EXPECT_NE(last.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(server.server().statistics().connections_open, 0U);
}

TEST_F(ServerLimits, DrainTellsStreamsToEnd) {
    TestServer server(route);
    RawClient client(server.port());
    client.send(get("/events"));
    ASSERT_TRUE(eventually([] { return handlers_waiting == 1; }));
    server.drain(std::chrono::seconds(10));
    EXPECT_EQ(handlers_done, 1);
    EXPECT_TRUE(client.read_to_end().ends_with("0\r\n\r\n"));
}

TEST_F(ServerLimits, DrainClosesWhatDoesNotEndInTime) {
    TestServer server(route);
    RawClient client(server.port());
    client.send(get("/disconnect"));
    ASSERT_TRUE(eventually([] { return handlers_waiting == 1; }));
    server.drain(milliseconds(20));
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(disconnects, 1);
    EXPECT_EQ(handlers_done, 1);
}

TEST_F(ServerLimits, ADrainedServerTakesNoMoreConnections) {
    TestServer server(route);
    const std::uint16_t port = server.port();
    server.drain(milliseconds(0));
    TestServer next(route, [port] {
        ServerOptions options;
        options.port = port;
        return options;
    }());
    EXPECT_TRUE(answer_to(port, "GET / HTTP/1.0\r\n\r\n").ends_with("from 127.0.0.1"));
}

}  // namespace
}  // namespace pgmind::http
