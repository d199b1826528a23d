#include "platform/http/request_parser.hpp"

#include <gtest/gtest.h>

namespace pgmind::http {
namespace {

TEST(HeadScanner, FindsTheEndHoweverTheBytesArrive) {
    const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::string input = head + "GET /next";
    for (std::size_t first = 0; first <= input.size(); ++first) {
        HeadScanner scanner;
        const auto early = scanner.scan(std::string_view(input).substr(0, first));
        EXPECT_EQ(early, first < head.size() ? HeadScanner::State::incomplete
                                             : HeadScanner::State::complete);
        if (early == HeadScanner::State::incomplete) {
            EXPECT_EQ(scanner.scan(input), HeadScanner::State::complete);
        }
        EXPECT_EQ(scanner.length(), head.size());
    }
}

TEST(HeadScanner, RefusesBareLineFeedsAndFoldedLines) {
    EXPECT_EQ(HeadScanner().scan("GET / HTTP/1.1\n"), HeadScanner::State::bare_line_feed);
    EXPECT_EQ(HeadScanner().scan("\n"), HeadScanner::State::bare_line_feed);
    EXPECT_EQ(HeadScanner().scan("GET / HTTP/1.1\r\nA: b\r\n c\r\n"),
              HeadScanner::State::folded_line);
    EXPECT_EQ(HeadScanner().scan("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n"),
              HeadScanner::State::folded_line);
}

struct Case {
    const char* name;
    std::string lines;  ///< after "METHOD TARGET VERSION\r\n", or whole when it ends the head
    unsigned status;    ///< 0: accepted
};

class HeadTable : public testing::TestWithParam<Case> {};

TEST_P(HeadTable, IsJudged) {
    const std::string bytes = GetParam().lines + "\r\n\r\n";
    RequestHead head;
    RequestParser parser(head);
    const auto refusal = parser.parse_head(bytes);
    EXPECT_EQ(refusal ? refusal->status : 0, GetParam().status)
        << (refusal ? refusal->detail : "accepted");
}

std::string request(std::string_view fields) {
    return "POST /x HTTP/1.1\r\nHost: h\r\n" + std::string(fields);
}

std::string many_fields(int count) {
    std::string text = "GET / HTTP/1.1\r\nHost: h";
    for (int i = 0; i < count; ++i) {
        text += "\r\nA: b";
    }
    return text;
}

INSTANTIATE_TEST_SUITE_P(
    Heads, HeadTable,
    testing::Values(
        Case{"Plain", "GET / HTTP/1.1\r\nHost: h", 0},
        Case{"Http10NeedsNoHost", "GET / HTTP/1.0", 0},
        Case{"HostWithPort", "GET / HTTP/1.1\r\nHost: [::1]:8080", 0},
        Case{"NoHost", "GET / HTTP/1.1\r\nA: b", 400},
        Case{"EmptyHost", "GET / HTTP/1.1\r\nHost: ", 400},
        Case{"TwoHosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h", 400},
        Case{"TwoAuthorizations", request("Authorization: Bearer a\r\nAuthorization: Bearer b"),
             400},
        Case{"SameAuthorizationTwice", request("Authorization: a\r\nauthorization: a"), 400},
        Case{"HostWithPath", "GET / HTTP/1.1\r\nHost: h/x", 400},
        Case{"HostWithUser", "GET / HTTP/1.1\r\nHost: u@h", 400},
        Case{"Http2", "GET / HTTP/2.0\r\nHost: h", 505},
        Case{"Http12", "GET / HTTP/1.2\r\nHost: h", 505},
        Case{"NoVersion", "GET /\r\nHost: h", 400},
        Case{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: h", 400},
        Case{"LowerCaseMethod", "get / HTTP/1.1\r\nHost: h", 501},
        Case{"BadMethod", "GE(T / HTTP/1.1\r\nHost: h", 400},
        Case{"RelativeTarget", "GET x HTTP/1.1\r\nHost: h", 400},
        Case{"AuthorityTarget", "CONNECT h:80 HTTP/1.1\r\nHost: h:80", 400},
        Case{"BinaryTarget", "GET /\x01 HTTP/1.1\r\nHost: h", 400},
        Case{"SpaceBeforeColon", request("A : b"), 400}, Case{"NoColon", request("Abc"), 400},
        Case{"EmptyName", request(": b"), 400},
        Case{"NulInValue", request(std::string("A: b\0c", 6)), 400},
        Case{"ControlInValue", request("A: b\x01"), 400},
        Case{"Length", request("Content-Length: 5"), 0},
        Case{"LengthZero", request("Content-Length: 0"), 0},
        Case{"TwoLengths", request("Content-Length: 5\r\nContent-Length: 6"), 400},
        Case{"SameLengthTwice", request("Content-Length: 5\r\nContent-Length: 5"), 400},
        Case{"LengthList", request("Content-Length: 5, 5"), 400},
        Case{"LengthSigned", request("Content-Length: +5"), 400},
        Case{"LengthNegative", request("Content-Length: -5"), 400},
        Case{"LengthHex", request("Content-Length: 0x5"), 400},
        Case{"LengthEmpty", request("Content-Length: "), 400},
        Case{"LengthHuge", request("Content-Length: 99999999999999999999"), 400},
        Case{"Chunked", request("Transfer-Encoding: chunked"), 0},
        Case{"ChunkedUpperCase", request("Transfer-Encoding: CHUNKED"), 0},
        Case{"BothLengthFirst", request("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400},
        Case{"BothLengthLast", request("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400},
        Case{"ChunkedTwice", request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
             400},
        Case{"ChunkedList", request("Transfer-Encoding: gzip, chunked"), 501},
        Case{"ChunkedNotLast", request("Transfer-Encoding: chunked, gzip"), 501},
        Case{"IdentityCoding", request("Transfer-Encoding: identity"), 501},
        Case{"UnknownCoding", request("Transfer-Encoding: xchunked"), 501},
        Case{"ChunkedIn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked", 400},
        Case{"Continue", request("Content-Length: 5\r\nExpect: 100-continue"), 0},
        Case{"OtherExpectation", request("Expect: miracles"), 417},
        Case{"Gzip", request("Content-Encoding: gzip"), 0},
        Case{"Identity", request("Content-Encoding: identity"), 0},
        Case{"Brotli", request("Content-Encoding: br"), 415},
        Case{"FieldsAtTheLimit", many_fields(127), 0},
        Case{"TooManyFields", many_fields(128), 431}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

// Feeds `input` in pieces of `step` bytes, keeping what was not consumed, as a connection does.
std::optional<std::string> body_of(const std::string& head_bytes, const std::string& input,
                                   std::size_t step) {
    RequestHead head;
    RequestParser parser(head);
    EXPECT_FALSE(parser.parse_head(head_bytes));
    std::string body;
    std::string waiting;
    for (std::size_t at = 0; at < input.size() && !parser.body_done(); at += step) {
        waiting += input.substr(at, step);
        const auto consumed = parser.parse_body(waiting, body);
        if (!consumed) {
            return std::nullopt;
        }
        waiting.erase(0, *consumed);
    }
    return parser.body_done() ? std::optional(body) : std::nullopt;
}

const std::string kChunkedHead = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(RequestBody, IsReadInPiecesOfAnySize) {
    const std::string chunks =
        "5\r\nhello\r\n1;name=value;other=\"quoted\"\r\n,\r\n006\r\n world\r\n0\r\nTrailer: x\r\n"
        "Host: evil\r\n\r\n";
    for (std::size_t step = 1; step <= chunks.size(); ++step) {
        EXPECT_EQ(body_of(kChunkedHead, chunks, step), "hello, world") << step;
    }
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
    for (std::size_t step = 1; step <= 5; ++step) {
        EXPECT_EQ(body_of(head, "hello", step), "hello") << step;
    }
}

TEST(RequestBody, TrailersDoNotBecomeHeaders) {
    RequestHead head;
    RequestParser parser(head);
    ASSERT_FALSE(parser.parse_head(kChunkedHead));
    std::string body;
    ASSERT_TRUE(parser.parse_body("1\r\na\r\n0\r\nAuthorization: Bearer x\r\n\r\n", body));
    EXPECT_TRUE(parser.body_done());
    EXPECT_FALSE(head.headers.find("Authorization"));
}

class BrokenChunks : public testing::TestWithParam<std::string> {};

TEST_P(BrokenChunks, AreRefused) {
    for (std::size_t step = 1; step <= GetParam().size(); ++step) {
        EXPECT_EQ(body_of(kChunkedHead, GetParam(), step), std::nullopt) << step;
    }
}

INSTANTIATE_TEST_SUITE_P(Chunks, BrokenChunks,
                         testing::Values("x\r\n", "-1\r\nx\r\n", "0x1\r\na\r\n0\r\n\r\n",
                                         "11111111111111111\r\n", "1\r\nab\r\n0\r\n\r\n",
                                         "1\r\na0\r\n\r\n", "1 \r\na\r\n", "1\na\n0\n\n",
                                         "0\r\nContent-Length: 5\r\n\r\n", "0\r\n\x01: x\r\n\r\n"));

}  // namespace
}  // namespace pgmind::http
