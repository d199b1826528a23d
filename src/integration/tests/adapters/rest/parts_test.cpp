#include <gtest/gtest.h>

#include "integration/adapters/origin_policy.hpp"
#include "integration/adapters/problem.hpp"
#include "integration/adapters/rest/conditional.hpp"
#include "integration/adapters/rest/ndjson.hpp"
#include "integration/adapters/rest/router.hpp"
#include "integration/adapters/rest/routes.hpp"

namespace pgmind::integration {
namespace {

TEST(LineSplitter, GivesTheSameLinesWhereverTheBytesAreCut) {
    const std::string text = "one\r\n\n  \ntwo two\nlast";
    for (std::size_t cut = 1; cut <= text.size(); ++cut) {
        rest::LineSplitter splitter(100);
        std::vector<std::string> lines;
        std::vector<std::int64_t> numbers;
        const auto drain = [&] {
            while (true) {
                const auto line = splitter.next();
                ASSERT_TRUE(line);
                if (!*line) {
                    return;
                }
                lines.emplace_back(**line);
                numbers.push_back(splitter.line_number());
            }
        };
        for (std::size_t at = 0; at < text.size(); at += cut) {
            splitter.feed(std::string_view(text).substr(at, cut));
            drain();
        }
        splitter.finish();
        drain();
        EXPECT_EQ(lines, (std::vector<std::string>{"one\r", "two two", "last"})) << cut;
        EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 4, 5})) << cut;
    }
}

TEST(LineSplitter, RefusesALineThatIsTooLongBeforeItHasEnded) {
    rest::LineSplitter splitter(10);
    splitter.feed("short\n");
    ASSERT_TRUE(splitter.next());
    splitter.feed("0123456789");
    EXPECT_TRUE(splitter.next());
    splitter.feed("0");
    const auto line = splitter.next();
    ASSERT_FALSE(line);
    EXPECT_TRUE(line.error().is(Failure::payload_too_large));
    EXPECT_EQ(splitter.line_number(), 2);
}

TEST(Conditional, ReadsIfMatch) {
    EXPECT_TRUE(rest::parse_if_match("*")->any);
    EXPECT_EQ(rest::parse_if_match(" \"12\" ")->version, 12);
    EXPECT_EQ(rest::parse_if_match("\"12-0198c8b1\"")->version, 12);
    for (const char* bad : {"", "12", "\"\"", "\"x\"", "\"0\"", "\"-1\"", "W/\"1\"", "\"1\",\"2\"",
                            "\"99999999999999999999\"", "\"1"}) {
        EXPECT_FALSE(rest::parse_if_match(bad)) << bad;
    }
}

TEST(Router, TellsRoutesApart) {
    const rest::Router router(rest::kRoutes);
    const auto match = router.match("POST", {"api", "v1", "namespaces", "n", "entries", "query"});
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.route->handle, &rest::query_entries);
    const auto entry = router.match("GET", {"api", "v1", "namespaces", "n", "entries", "query"});
    ASSERT_NE(entry.route, nullptr);
    EXPECT_EQ(entry.route->handle, &rest::get_entry);
    ASSERT_EQ(entry.parameters.size(), 2u);
    EXPECT_EQ(entry.parameters[1].second, "query");
    EXPECT_EQ(router.match("GET", {}).route->handle, &rest::landing_page);
    EXPECT_EQ(router.match("GET", {"*"}).route, nullptr);
    EXPECT_EQ(router.match("GET", {"api", "v1", "namespaces", ""}).route, nullptr);
}

TEST(Problem, HasAStatusForEveryFailure) {
    for (int i = static_cast<int>(Failure::invalid_argument);
         i <= static_cast<int>(Failure::internal); ++i) {
        const auto condition = make_error_condition(static_cast<Failure>(i));
        const Problem problem =
            problem_of(Error(std::error_code(condition.value(), condition.category()), "detail"));
        EXPECT_GE(problem.status, 400u);
        EXPECT_FALSE(problem.title.empty());
    }
}

TEST(OriginPolicy, KnowsThisMachineByItsAddressesAndLocalhost) {
    OriginPolicy policy;
    policy.allowed_origins = {"https://Console.example.org:8443"};
    const auto allowed = [&policy](const char* host) {
        http::Headers headers;
        headers.add("Host", host);
        return policy.check(headers, false).has_value();
    };
    for (const char* host : {"127.0.0.1", "127.0.0.1:7432", "[::1]:7432", "localhost",
                             "LOCALHOST:1", "app.localhost", "192.0.2.1", "console.example.org"}) {
        EXPECT_TRUE(allowed(host)) << host;
    }
    for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                             "console.example.org.evil"}) {
        EXPECT_FALSE(allowed(host)) << host;
    }
    policy.host_names = {"Memory.example.org"};
    EXPECT_TRUE(allowed("memory.example.org:7432"));
    EXPECT_FALSE(allowed("other.example.org"));
    EXPECT_FALSE(allowed("memory.example.org.evil"));
    policy.check_host = false;
    EXPECT_TRUE(allowed("pgmind.example.org"));
}

TEST(OriginPolicy, TakesListedOriginsOnly) {
    OriginPolicy policy;
    policy.allowed_origins = {"https://console.example.org"};
    http::Headers headers;
    headers.add("Host", "localhost:7432");
    for (const auto& [origin, allowed] :
         std::vector<std::pair<const char*, bool>>{{"https://console.example.org", true},
                                                   {"HTTPS://console.example.org", true},
                                                   {"http://console.example.org", false},
                                                   {"https://console.example.org:444", false},
                                                   {"http://localhost:7432", true},
                                                   {"http://localhost:7433", false},
                                                   {"localhost:7432", false},
                                                   {"null", false},
                                                   {"", false}}) {
        headers.set("Origin", origin);
        EXPECT_EQ(policy.check(headers, false).has_value(), allowed) << origin;
    }
}

}  // namespace
}  // namespace pgmind::integration
