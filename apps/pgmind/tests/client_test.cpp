#include <gtest/gtest.h>

#include "client/api_client.hpp"
#include "client/api_error.hpp"
#include "client/pages.hpp"
#include "fake_server.hpp"

namespace pgmind::app {
namespace {

ApiClient client_of(const FakeServer& server) {
    return std::move(*ApiClient::connect(Endpoint{server.url(), "sesame", ""}));
}

TEST(ApiClient, EncodesWhatItIsGivenAndSendsTheKey) {
    FakeServer server([](const SeenRequest&) { return json_response(201, R"({"version":7})"); });
    ApiClient client = client_of(server);
    const auto answer = client.call({"PUT",
                                     {"namespaces", "a/b c", "entries", "ä?"},
                                     {{"scope", ""}, {"x", "&="}},
                                     {{"If-Match", "\"3\""}},
                                     R"({"value":1})"});
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status(), 201U);
    EXPECT_EQ(answer->json()["version"].integer(), 7);
    const SeenRequest seen = server.seen().at(0);
    EXPECT_EQ(seen.method, "PUT");
    EXPECT_EQ(seen.target, "/api/v1/namespaces/a%2Fb%20c/entries/%C3%A4%3F?x=%26%3D");
    EXPECT_EQ(seen.headers.find("Authorization"), "Bearer sesame");
    EXPECT_EQ(seen.headers.find("If-Match"), "\"3\"");
    EXPECT_EQ(seen.headers.find("Content-Type"), "application/json");
    EXPECT_EQ(seen.body, R"({"value":1})");
}

TEST(ApiClient, GivesProblemsAsErrors) {
    FakeServer server([](const SeenRequest&) {
        return json_response(404, R"({"detail":"there is no such entry"})");
    });
    const auto answer = client_of(server).get({"namespaces", "n"}, {});
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Failure::not_found));
    EXPECT_EQ(answer.error().detail, "there is no such entry");
}

TEST(ApiClient, RefusesAnAnswerThatIsNotJson) {
    FakeServer server([](const SeenRequest&) { return json_response(200, "<html>"); });
    const auto answer = client_of(server).get({"stats"}, {});
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Failure::unavailable));
}

TEST(ApiClient, SaysThatNoServerIsThere) {
    std::string url;
    {
        FakeServer server([](const SeenRequest&) { return json_response(200, "{}"); });
        url = server.url();
    }
    auto client = ApiClient::connect(Endpoint{url, "", ""});
    ASSERT_TRUE(client);
    const auto answer = client->get({"stats"}, {});
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Failure::unavailable));
    EXPECT_NE(answer.error().detail.find("is pgmind up running?"), std::string::npos);
}

TEST(ApiClient, UploadsPartByPart) {
    FakeServer server([](const SeenRequest&) { return json_response(200, R"({"stored":3})"); });
    ApiClient client = client_of(server);
    int left = 3;
    const auto answer = client.upload({"", {"import"}}, [&left]() -> Result<std::string> {
        return left-- > 0 ? std::string("{}\n") : std::string();
    });
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->json()["stored"].integer(), 3);
    EXPECT_EQ(server.seen().at(0).body, "{}\n{}\n{}\n");
    EXPECT_EQ(server.seen().at(0).headers.find("Content-Type"), "application/x-ndjson");
}

TEST(ApiClient, AnErrorOfTheSourceEndsAnUpload) {
    FakeServer server([](const SeenRequest&) { return json_response(200, "{}"); });
    const auto answer = client_of(server).upload({"", {"import"}}, []() -> Result<std::string> {
        return fail(client_error(Failure::unavailable, "stopped"));
    });
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().detail, "stopped");
}

TEST(ApiClient, DownloadsPartByPartUntilTheSinkHasEnough) {
    const std::string lines(300'000, 'x');
    FakeServer server([&lines](const SeenRequest&) { return json_response(200, lines); });
    ApiClient client = client_of(server);
    std::string taken;
    const auto take = [&taken](std::string_view part) -> Result<void> {
        taken += part;
        return {};
    };
    ASSERT_TRUE(client.download({"", {"export"}}, take));
    EXPECT_EQ(taken, lines);
    EXPECT_EQ(server.seen().at(0).headers.find("Accept"), "application/x-ndjson");
    const auto full = client.download({"", {"export"}}, [](std::string_view) -> Result<void> {
        return fail(client_error(Failure::internal, "disk full"));
    });
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().detail, "disk full");
}

// Three items on two pages of two.
http::Response page_of(const SeenRequest& request) {
    const bool second = request.target.find("cursor=second") != std::string::npos;
    return json_response(200, second ? R"({"items":[3],"next_cursor":null})"
                                     : R"({"items":[1,2],"next_cursor":"second"})");
}

TEST(Pages, AreFollowedToTheEnd) {
    FakeServer server(page_of);
    ApiClient client = client_of(server);
    std::string items;
    const auto next = read_pages(client, {{"things"}, {{"prefix", "a"}}, "items"}, 0,
                                 [&items](const JsonNode& item) { items += item.raw(); });
    ASSERT_TRUE(next);
    EXPECT_EQ(items, "123");
    EXPECT_EQ(*next, "null");
    EXPECT_EQ(server.seen().at(0).target, "/api/v1/things?prefix=a&limit=1000");
    EXPECT_EQ(server.seen().at(1).target, "/api/v1/things?prefix=a&limit=1000&cursor=second");
}

TEST(Pages, EndAtTheLimitAndSayWhereToGoOn) {
    FakeServer server(page_of);
    ApiClient client = client_of(server);
    std::size_t items = 0;
    const auto next =
        read_pages(client, {{"things"}, {}, "items"}, 2, [&items](const JsonNode&) { ++items; });
    ASSERT_TRUE(next);
    EXPECT_EQ(items, 2U);
    EXPECT_EQ(*next, "\"second\"");
    EXPECT_EQ(server.seen().size(), 1U);
}

TEST(Pages, ArePrintedAsOneDocument) {
    FakeServer server(page_of);
    ApiClient client = client_of(server);
    testing::internal::CaptureStdout();
    ASSERT_TRUE(print_pages_as_json(client, {{"things"}, {}, "items"}, 0));
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "{\"items\":[1,2,3],\"next_cursor\":null}\n");
}

TEST(JsonNode, ReadsWhatIsThereAndNothingElse) {
    const std::string text = R"({"a":"x\u00e9","n":12,"d":1.50,"t":true,"z":null,"l":[1,{"b":2}]})";
    const JsonNode node(*json::parse(text, kJsonLimits));
    EXPECT_EQ(node["a"].text(), "xé");
    EXPECT_EQ(node["n"].integer(), 12);
    EXPECT_EQ(node["d"].raw(), "1.50");
    EXPECT_EQ(node["d"].number(), 1.5);
    EXPECT_TRUE(node["t"].truth());
    EXPECT_FALSE(node["z"]);
    EXPECT_EQ(node["z"].text(), "");
    EXPECT_EQ(node["l"].items().at(1)["b"].integer(), 2);
    EXPECT_EQ(node["missing"]["deeper"].text(), "");
    EXPECT_EQ(node["missing"].raw(), "null");
    EXPECT_EQ(node["a"].integer(), 0);
    EXPECT_TRUE(node["a"].items().empty());
    EXPECT_EQ(node.members().size(), 6U);
}

}  // namespace
}  // namespace pgmind::app
