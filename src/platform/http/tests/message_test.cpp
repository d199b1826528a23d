#include "platform/http/message.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "platform/http/errors.hpp"
#include "platform/http/response_head.hpp"
#include "platform/http/target.hpp"

namespace pgmind::http {
namespace {

TEST(Headers, CompareNamesWithoutCaseAndKeepTheirOrder) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("X-One", "1");
    headers.add("accept", "b");
    EXPECT_EQ(headers.find("ACCEPT"), "a");
    EXPECT_EQ(headers.count("Accept"), 2U);
    headers.set("ACCEPT", "c");
    EXPECT_EQ(headers.count("accept"), 1U);
    EXPECT_EQ(headers.find("Accept"), "c");
    headers.remove("x-one");
    EXPECT_FALSE(headers.find("X-One"));
}

TEST(ReasonPhrase, KnowsStatusesAndAdmitsWhatItDoesNot) {
    EXPECT_EQ(reason_phrase(200), "OK");
    EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
    EXPECT_EQ(reason_phrase(507), "Insufficient Storage");
    EXPECT_EQ(reason_phrase(299), "Unknown");
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
    EXPECT_EQ(percent_encode("aZ0-._~"), "aZ0-._~");
    EXPECT_EQ(percent_encode("a/b c?\xc3\xa9"), "a%2Fb%20c%3F%C3%A9");
}

RequestHead parsed(std::string_view target, std::string_view host = "h") {
    RequestHead head;
    head.headers.add("Host", std::string(host));
    const auto result = parse_target(target, head);
    EXPECT_TRUE(result.has_value()) << target << ": " << (result ? "" : result.error().detail);
    return head;
}

TEST(Target, SplitsThePathBeforeItDecodes) {
    const RequestHead head = parsed("/ns/a%2Fb/%C3%A9?limit=5&q=a+b%2B&empty=&flag");
    EXPECT_EQ(head.path, "/ns/a/b/\xc3\xa9");
    EXPECT_EQ(head.segments, (std::vector<std::string>{"ns", "a/b", "\xc3\xa9"}));
    EXPECT_EQ(head.query_value("limit"), "5");
    EXPECT_EQ(head.query_value("q"), "a b+");
    EXPECT_EQ(head.query_value("empty"), "");
    EXPECT_EQ(head.query_value("flag"), "");
    EXPECT_FALSE(head.query_value("none"));
}

TEST(Target, KeepsEmptySegmentsAndPlusInThePath) {
    EXPECT_TRUE(parsed("/").segments.empty());
    EXPECT_EQ(parsed("/a//b/").segments, (std::vector<std::string>{"a", "", "b", ""}));
    EXPECT_EQ(parsed("/a+b").path, "/a+b");
    EXPECT_EQ(parsed("/a/../b").segments, (std::vector<std::string>{"a", "..", "b"}));
}

TEST(Target, UnderstandsTheAbsoluteFormOfItsOwnHost) {
    EXPECT_EQ(parsed("http://h/x?y=1").path, "/x");
    EXPECT_EQ(parsed("HTTP://H?y=1").query_value("y"), "1");
    EXPECT_EQ(parsed("http://h").path, "/");
    EXPECT_EQ(parsed("*").path, "*");
}

class RefusedTarget : public testing::TestWithParam<std::string> {};

TEST_P(RefusedTarget, IsMalformed) {
    RequestHead head;
    head.headers.add("Host", "h");
    const auto result = parse_target(GetParam(), head);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, make_error_code(Errc::malformed));
}

std::string many(std::string_view piece, int count) {
    std::string text = "/";
    for (int i = 0; i < count; ++i) {
        text += piece;
    }
    return text;
}

INSTANTIATE_TEST_SUITE_P(Targets, RefusedTarget,
                         testing::Values("", "x", "x/y", "ftp://h/", "http://other/", "h:443",
                                         "/a b", "/a#b", "/\xc3", "/%", "/%4", "/%zz", "/%00",
                                         "/%c3", "/%ed%a0%80", "/?a=%", "/?%00=1", "/?a=%ff",
                                         std::string("/a\0b", 4), "/\x7f", many("a/", 65),
                                         "/?" + many("a&", 257).substr(1)));

TEST(ResponseHead, LeavesOutWhatTheFrameDecides) {
    Headers headers;
    headers.add("Content-Type", "text/plain");
    headers.add("content-length", "999");
    headers.add("Transfer-Encoding", "chunked");
    headers.add("Connection", "upgrade");
    headers.add("DATE", "never");
    std::string out;
    append_response_head(out, 200, headers, {Framing::length, 5, false, false}, "now");
    EXPECT_EQ(out,
              "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain\r\n"
              "Content-Length: 5\r\n\r\n");
    out.clear();
    append_response_head(out, 204, Headers(), {Framing::none, 0, true, false}, "now");
    EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nDate: now\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, RefusesFieldsThatWouldAddOthers) {
    Headers good;
    good.add("X-Name", "t\xc3\xa9xt\twith tab");
    EXPECT_TRUE(can_be_sent(good));
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"X", "a\r\nSet-Cookie: b"},
                                                          {"X", "a\nb"},
                                                          {"X", std::string("a\0b", 3)},
                                                          {"X:", "a"},
                                                          {"X Y", "a"},
                                                          {"", "a"}}) {
        Headers bad;
        bad.add(name, value);
        EXPECT_FALSE(can_be_sent(bad)) << name << "=" << value;
    }
}

TEST(ResponseHead, WritesDatesAndProblems) {
    EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    RequestHead head;
    const std::string id = "0198c8b1-1111-7000-8000-000000000001";
    head.headers.add("X-Request-Id", id);
    const Response problem = problem_response(400, "a \"quoted\"\nthing", head);
    EXPECT_EQ(problem.status, 400U);
    EXPECT_EQ(problem.headers.find("Content-Type"), "application/problem+json");
    EXPECT_EQ(problem.body, R"({"type":"about:blank","title":"Bad Request","status":400,)"
                            R"("detail":"a \"quoted\" thing",)"
                            R"("request_id":"0198c8b1-1111-7000-8000-000000000001"})");
    EXPECT_EQ(problem.headers.find("X-Request-Id"), id);
    EXPECT_EQ(reason_phrase(421), "Misdirected Request");
}

TEST(ResponseHead, AProblemWithoutAGivenRequestIdGetsOne) {
    RequestHead head;
    head.headers.add("X-Request-Id", "no uuid\"");
    const Response problem = problem_response(431, "too long", head);
    const std::string id(problem.headers.find("X-Request-Id").value_or(""));
    EXPECT_TRUE(is_uuid(id)) << id;
    EXPECT_NE(problem.body.find("\"request_id\":\"" + id + "\""), std::string::npos);
}

TEST(Errors, MapToFailures) {
    EXPECT_TRUE(Error(Errc::payload_too_large, "").is(Failure::payload_too_large));
    EXPECT_TRUE(Error(Errc::malformed, "").is(Failure::invalid_argument));
    EXPECT_TRUE(Error(Errc::timed_out, "").is(Failure::deadline_exceeded));
    EXPECT_TRUE(Error(Errc::bad_response, "").is(Failure::unavailable));
    EXPECT_TRUE(Error(Errc::outcome_unknown, "").is(Failure::outcome_unknown));
    EXPECT_TRUE(Error(Errc::misuse, "").is(Failure::internal));
}

}  // namespace
}  // namespace pgmind::http
