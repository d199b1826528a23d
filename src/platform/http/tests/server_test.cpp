#include "platform/http/server.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "platform/http/content_coding.hpp"
#include "platform/http/errors.hpp"
#include "platform/http/tests/testing.hpp"

namespace pgmind::http {
namespace {

constexpr std::size_t kBodyMax = 100'000;

Task<void> echo(Exchange& exchange) {
    Response response;
    response.headers.add("Content-Type", "text/plain");
    auto body = co_await exchange.read_body(kBodyMax);
    if (!body) {
        response.status = body.error().is(Failure::payload_too_large) ? 413 : 400;
        response.body = body.error().detail;
    } else {
        response.body = exchange.head().method + " " + exchange.head().path + " " + *body;
    }
    auto sent = co_await exchange.respond(std::move(response));
    EXPECT_TRUE(sent.has_value());
}

Task<void> send_lines(Exchange& exchange) {
    for (int i = 0; i < 3; ++i) {
        const std::string line = "line " + std::to_string(i) + "\n";
        auto written = co_await exchange.write(line);
        EXPECT_TRUE(written.has_value());
    }
    auto nothing = co_await exchange.write("");
    EXPECT_TRUE(nothing.has_value());
}

Task<void> stream_lines(Exchange& exchange, std::string length) {
    Headers headers;
    headers.add("Content-Type", "text/plain");
    if (!length.empty()) {
        headers.add("Content-Length", length);
    }
    auto started = co_await exchange.start(200, std::move(headers));
    EXPECT_TRUE(started.has_value());
    EXPECT_TRUE(exchange.started());
    co_await send_lines(exchange);
    co_await exchange.finish();
}

Task<void> copy_chunks(Exchange& exchange) {
    auto started = co_await exchange.start(200, Headers());
    EXPECT_TRUE(started.has_value());
    while (true) {
        auto part = co_await exchange.read_chunk();
        if (!part || !*part) {
            break;
        }
        EXPECT_LE((*part)->size(), 64U * 1024U);
        auto written = co_await exchange.write(**part);
        EXPECT_TRUE(written.has_value());
    }
    co_await exchange.finish();
}

Task<void> misuse(Exchange& exchange) {
    Response bad;
    bad.headers.add("X-Bad", "a\r\nX-Injected: b");
    auto refused = co_await exchange.respond(std::move(bad));
    EXPECT_EQ(refused.error().code, make_error_code(Errc::misuse));
    auto early = co_await exchange.write("x");
    EXPECT_EQ(early.error().code, make_error_code(Errc::misuse));
    Response first;
    first.body = "first";
    auto sent = co_await exchange.respond(std::move(first));
    EXPECT_TRUE(sent.has_value());
    auto again = co_await exchange.respond(Response());
    EXPECT_EQ(again.error().code, make_error_code(Errc::misuse));
}

Task<void> answer_with_text(Exchange& exchange) {
    Response response;
    response.headers.add("Content-Type", "application/json");
    response.body.assign(5000, 'a');
    co_await exchange.respond(std::move(response));
}

Task<void> answer_without_body(Exchange& exchange) {
    Response response;
    response.status = 204;
    response.body = "must not be sent";
    co_await exchange.respond(std::move(response));
}

Task<void> cut_stream(Exchange& exchange) {
    co_await exchange.start(200, Headers());
    co_await exchange.write("half");
}

Task<void> throwing(Exchange&) {
    throw std::runtime_error("a bug");
    co_return;
}

Task<void> ignore_body(Exchange& exchange) {
    Response response;
    response.body = "ignored";
    co_await exchange.respond(std::move(response));
}

Task<void> route(Exchange& exchange) {
    const std::string& path = exchange.head().path;
    if (path == "/lines") {
        co_await stream_lines(exchange, "");
    } else if (path == "/lines-of-known-length") {
        co_await stream_lines(exchange, "21");
    } else if (path == "/lines-that-promise-more") {
        co_await stream_lines(exchange, "22");
    } else if (path == "/copy") {
        co_await copy_chunks(exchange);
    } else if (path == "/misuse") {
        co_await misuse(exchange);
    } else if (path == "/text") {
        co_await answer_with_text(exchange);
    } else if (path == "/nothing") {
        co_await answer_without_body(exchange);
    } else if (path == "/cut") {
        co_await cut_stream(exchange);
    } else if (path == "/throw") {
        co_await throwing(exchange);
    } else if (path == "/ignore") {
        co_await ignore_body(exchange);
    } else if (path != "/no-answer") {
        co_await echo(exchange);
    }
}

class ServerTest : public testing::Test {
  protected:
    std::string answer(std::string_view request) { return answer_to(server_.port(), request); }
    static bool has(const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    }

    TestServer server_{route};
};

std::string get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

std::string closing(std::string_view path, std::string_view fields = "") {
    return get(path, std::string(fields) + "Connection: close\r\n");
}

TEST_F(ServerTest, ServesRequestsOfOneConnectionInOrder) {
    RawClient client(server_.port());
    for (int i = 0; i < 3; ++i) {
        client.send(get("/" + std::to_string(i)));
        EXPECT_TRUE(client.read_response().ends_with("GET /" + std::to_string(i) + " "));
    }
    std::string pipelined;
    for (int i = 0; i < 50; ++i) {
        pipelined +=
            "POST /p" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    }
    client.send(pipelined);
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(client.read_response().ends_with("POST /p" + std::to_string(i) + " abc"));
    }
    EXPECT_TRUE(eventually([&] { return server_.server().statistics().requests_total == 53; }));
    EXPECT_EQ(server_.server().statistics().connections_open, 1U);
}

TEST_F(ServerTest, ServesBytesThatComeOneByOne) {
    RawClient client(server_.port());
    const std::string request =
        "\r\nPOST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n";
    for (const char byte : request) {
        client.send({&byte, 1});
    }
    EXPECT_TRUE(client.read_response().ends_with("POST /slow abc"));
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
    const std::string closed = answer(closing("/x"));
    EXPECT_TRUE(has(closed, "Connection: close\r\n"));
    EXPECT_TRUE(has(closed, "Date: "));
}

TEST_F(ServerTest, SpeaksHttp10) {
    EXPECT_TRUE(answer("GET /x HTTP/1.0\r\n\r\n").ends_with("GET /x "));
    const std::string kept =
        answer("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /y HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(has(kept, "Connection: keep-alive\r\n"));
    EXPECT_TRUE(kept.ends_with("GET /y "));
    const std::string stream = answer("GET /lines HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_FALSE(has(stream, "chunked"));
    EXPECT_TRUE(has(stream, "Connection: close"));
    EXPECT_TRUE(stream.ends_with("\r\n\r\nline 0\nline 1\nline 2\n"));
}

TEST_F(ServerTest, AnswersHeadWithoutBody) {
    RawClient client(server_.port());
    client.send("HEAD /text HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(has(client.read_until("\r\n\r\n"), "Content-Length: 5000\r\n"));
    client.send("HEAD /text HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
    EXPECT_FALSE(has(client.read_until("\r\n\r\n"), "Content-Length"));
    client.send("HEAD /lines HTTP/1.1\r\nHost: h\r\n\r\n");
    client.read_until("\r\n\r\n");
    client.send(get("/nothing"));
    const std::string nothing = client.read_until("\r\n\r\n");
    EXPECT_TRUE(nothing.starts_with("HTTP/1.1 204 "));
    EXPECT_FALSE(has(nothing, "Content-Length"));
    client.send(get("/after"));
    EXPECT_TRUE(client.read_response().ends_with("GET /after "));
}

TEST_F(ServerTest, StreamsInChunksOrWithTheLengthGiven) {
    EXPECT_TRUE(
        answer(closing("/lines"))
            .ends_with("\r\n\r\n7\r\nline 0\n\r\n7\r\nline 1\n\r\n7\r\nline 2\n\r\n0\r\n\r\n"));
    const std::string sized = answer(closing("/lines-of-known-length"));
    EXPECT_TRUE(has(sized, "Content-Length: 21\r\n"));
    EXPECT_TRUE(sized.ends_with("\r\n\r\nline 0\nline 1\nline 2\n"));
    // Cut streams end the connection where the client can see that something is missing.
    EXPECT_TRUE(answer(get("/lines-that-promise-more")).ends_with("line 2\n"));
    EXPECT_TRUE(answer(get("/cut")).ends_with("4\r\nhalf\r\n"));
}

TEST_F(ServerTest, ReadsAndWritesLargeBodiesInBothDirections) {
    std::string text;
    while (text.size() < 3'000'000) {
        text += std::to_string(text.size()) + ",";
    }
    RawClient client(server_.port());
    std::thread sender([&] {
        client.send("POST /copy HTTP/1.0\r\nContent-Length: " + std::to_string(text.size()) +
                    "\r\n\r\n" + text);
    });
    const std::string back = client.read_to_end();
    sender.join();
    EXPECT_TRUE(back.ends_with("\r\n\r\n" + text));
}

TEST_F(ServerTest, ACutAnswerToHttp10EndsInAReset) {
    RawClient client(server_.port());
    client.send("GET /cut HTTP/1.0\r\n\r\n");
    bool reset = false;
    client.read_to_end(&reset);
    EXPECT_TRUE(reset);
}

TEST_F(ServerTest, AnswersAClientThatHasSentItsLast) {
    RawClient client(server_.port());
    client.send(get("/one") + get("/two"));
    client.shutdown_send();
    EXPECT_TRUE(client.read_response().ends_with("GET /one "));
    EXPECT_TRUE(client.read_response().ends_with("GET /two "));
    EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, DecodesAStreamInParts) {
    const std::string body = gzip(std::string(1'000'000, 'z'));
    const std::string back =
        answer("POST /copy HTTP/1.0\r\nContent-Encoding: gzip\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(back.ends_with("\r\n\r\n" + std::string(1'000'000, 'z')));
}

TEST_F(ServerTest, LimitsBodiesWhateverTheirEncoding) {
    const std::string large(kBodyMax + 1, 'x');
    const std::string announced =
        answer("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(large.size()) +
               "\r\n\r\n" + large);
    EXPECT_TRUE(announced.starts_with("HTTP/1.1 413 ")) << announced;
    EXPECT_TRUE(has(announced, "Connection: close"));
    const std::string chunked = answer(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
        std::string("186a1\r\n") + large + "\r\n0\r\n\r\n");
    EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 ")) << chunked;
    const std::string bomb = gzip(large);
    const std::string zipped = answer(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
        "Content-Length: " +
        std::to_string(bomb.size()) + "\r\n\r\n" + bomb);
    EXPECT_TRUE(zipped.starts_with("HTTP/1.1 413 ")) << zipped;
    const std::string exact(kBodyMax, 'y');
    RawClient client(server_.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(exact.size()) +
                "\r\n\r\n" + exact);
    EXPECT_TRUE(client.read_response().ends_with(exact));
}

TEST_F(ServerTest, DecodesGzipBodies) {
    const std::string body = gzip("packed");
    const std::string head =
        "POST /z HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
        "Content-Length: ";
    EXPECT_TRUE(
        answer(head + std::to_string(body.size()) + "\r\n\r\n" + body).ends_with("POST /z packed"));
    EXPECT_TRUE(answer(head + "5\r\n\r\nplain").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(answer(head + "10\r\n\r\n" + body.substr(0, 10)).starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(answer(head + "0\r\n\r\n").ends_with("POST /z "));
}

TEST_F(ServerTest, CompressesTextForThoseWhoAccept) {
    const std::string zipped = answer(closing("/text", "Accept-Encoding: gzip, br\r\n"));
    EXPECT_TRUE(has(zipped, "Content-Encoding: gzip\r\n"));
    EXPECT_TRUE(has(zipped, "Vary: Accept-Encoding\r\n"));
    Gunzip gunzip;
    gunzip.give(zipped.substr(zipped.find("\r\n\r\n") + 4));
    std::string text;
    ASSERT_TRUE(gunzip.take(text, 10'000).has_value());
    EXPECT_EQ(text, std::string(5000, 'a'));
    const std::string plain = answer(closing("/text"));
    EXPECT_FALSE(has(plain, "Content-Encoding"));
    EXPECT_TRUE(has(plain, "Vary: Accept-Encoding\r\n"));
}

TEST_F(ServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
    RawClient client(server_.port());
    client.send("POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    EXPECT_TRUE(client.read_response().ends_with("POST /c body"));
    // Too large by its own account: refused before it is sent.
    const std::string refused = answer(
        "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 413 "));
    const std::string ignored = answer(
        "POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(ignored.starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(has(ignored, "Connection: close\r\n"));
}

TEST_F(ServerTest, SkipsABodyThatTheHandlerLeft) {
    RawClient client(server_.port());
    client.send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody" + get("/next"));
    EXPECT_TRUE(client.read_response().ends_with("ignored"));
    EXPECT_TRUE(client.read_response().ends_with("GET /next "));
    client.send(
        "POST /ignore HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4\r\nbody\r\n0\r\n\r\n" +
        get("/next"));
    EXPECT_TRUE(client.read_response().ends_with("ignored"));
    EXPECT_TRUE(client.read_response().ends_with("GET /next "));
}

TEST_F(ServerTest, ClosesAfterALargeBodyThatTheHandlerLeftWithoutLosingTheAnswer) {
    const std::string body(5'000'000, 'x');
    RawClient client(server_.port());
    client.send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n" + body);
    bool reset = false;
    const std::string answer = client.read_to_end(&reset);
    EXPECT_TRUE(answer.ends_with("ignored")) << answer;
    EXPECT_TRUE(has(answer, "Connection: close\r\n"));
}

TEST_F(ServerTest, AnswersForHandlersThatDoNot) {
    for (const char* path : {"/no-answer", "/throw"}) {
        const std::string failed = answer(closing(path));
        EXPECT_TRUE(failed.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << failed;
        EXPECT_TRUE(has(failed, "application/problem+json"));
        EXPECT_FALSE(has(failed, "a bug"));
    }
}

TEST_F(ServerTest, ReportsMisuseAndInjectsNothing) {
    const std::string first = answer(closing("/misuse"));
    EXPECT_TRUE(first.ends_with("first"));
    EXPECT_FALSE(has(first, "Injected"));
}

TEST_F(ServerTest, TellsBeforehandWhetherItCouldListen) {
    ServerOptions options;
    EXPECT_TRUE(check_listening(options));
    options.port = server_.port();
    const Result<void> taken = check_listening(options);
    ASSERT_FALSE(taken);
    EXPECT_TRUE(has(taken.error().detail, "another process uses this port"));
    options.port = 0;
    options.tls_certificate_file = "/nonexistent";
    EXPECT_FALSE(check_listening(options));
    options = {};
    options.address = "nowhere";
    EXPECT_FALSE(check_listening(options));
}

struct Refused {
    const char* name;
    std::string request;
    std::string_view status;
};

class RefusedRequests : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRequests, GetAProblemAndTheConnectionCloses) {
    const TestServer server(route);
    const std::string answer = answer_to(server.port(), GetParam().request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(GetParam().status) + " ")) << answer;
    EXPECT_NE(answer.find("Content-Type: application/problem+json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    // Nothing after the refused request was taken for another one.
    EXPECT_EQ(answer.find("GET /smuggled"), std::string::npos);
}

const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Requests, RefusedRequests,
    testing::Values(
        Refused{"Garbage", "\x16\x03\x01 what is this\r\n\r\n", "400"},
        Refused{"BareLineFeeds", "GET / HTTP/1.1\nHost: h\n\n", "400"},
        Refused{"FoldedField", get("/", "A: b\r\n c: d\r\n"), "400"},
        Refused{"NoHost", "GET / HTTP/1.1\r\n\r\n", "400"},
        Refused{"BadEscape", get("/%zz"), "400"},
        Refused{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
        Refused{"LengthAndChunked",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                    kSmuggled,
                "400"},
        Refused{"TwoLengths",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n" +
                    kSmuggled,
                "400"},
        Refused{"UnknownTransferEncoding",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x, chunked\r\n\r\n" + kSmuggled,
                "501"},
        Refused{"Brotli", get("/", "Content-Encoding: br\r\nContent-Length: 1\r\n"), "415"},
        Refused{"Expectation", get("/", "Expect: more\r\nContent-Length: 1\r\n"), "417"},
        Refused{"LongHead", get("/", "A: " + std::string(20'000, 'a') + "\r\n"), "431"},
        Refused{"LongTarget", get("/" + std::string(20'000, 'a')), "414"},
        Refused{"ManyFields",
                get("/",
                    [] {
                        std::string fields;
                        for (int i = 0; i < 200; ++i) {
                            fields += "A: b\r\n";
                        }
                        return fields;
                    }()),
                "431"}),
    [](const testing::TestParamInfo<Refused>& info) { return std::string(info.param.name); });

TEST_F(ServerTest, ABrokenBodyEndsTheConnection) {
    const std::string answer_text = answer(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + kSmuggled);
    EXPECT_TRUE(answer_text.starts_with("HTTP/1.1 400 "));
    EXPECT_FALSE(has(answer_text, "smuggled"));
}

TEST(Server, SaysWhichAddressCannotBeUsed) {
    TestServer first(route);
    async::Workers workers(1);
    ServerOptions options;
    options.port = first.port();
    const HandlerFactory factory = [](std::size_t) -> Handler { return route; };
    Server second(workers, options, factory);
    const auto taken = second.start();
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().detail, "cannot listen on 127.0.0.1:" + std::to_string(first.port()) +
                                        ": another process uses this port");
    options.address = "192.0.2.1";
    Server elsewhere(workers, options, factory);
    EXPECT_NE(elsewhere.start().error().detail.find("this machine does not have the address"),
              std::string::npos);
    options.address = "nowhere";
    Server nameless(workers, options, factory);
    EXPECT_NE(nameless.start().error().detail.find("not an IP address"), std::string::npos);
}

TEST(Server, MakesOneHandlerForEachWorkerAndKnowsItsClients) {
    static std::atomic<int> made{0};
    made = 0;
    async::Workers workers(2);
    ServerOptions options;
    options.address = "::1";
    Server server(workers, options, [](std::size_t) -> Handler {
        ++made;
        return route;
    });
    const auto started = server.start();
    if (!started) {
        GTEST_SKIP() << "no IPv6 here: " << started.error().detail;
    }
    EXPECT_GT(server.port(), 0);
    EXPECT_EQ(made, 0);
}

}  // namespace
}  // namespace pgmind::http
