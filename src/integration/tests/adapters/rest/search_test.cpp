#include "rest_fixture.hpp"

namespace pgmind::integration {
namespace {

using testing::FakeSecurity;
using testing::make_entry;

class SearchTest : public testing::RestTest {
  protected:
    SearchTest() {
        memory_.found.hits = {{make_entry("agent-1", "a", "1"), 0.9, 0.5, 0.25},
                              {make_entry("agent-2", "b", "2"), 0.8, std::nullopt, std::nullopt},
                              {make_entry("agent-1", "c", "3"), 0.7, std::nullopt, std::nullopt}};
        memory_.found.shards_searched = 2;
        memory_.found.notes = {"no embedder: ranked by text only"};
    }
    const testing::HeaderList agent_ = {{"Authorization", "Bearer agent"}};
};

TEST_F(SearchTest, SearchesNamedNamespaces) {
    const auto answer = send("POST", "/api/v1/search", agent_,
                             R"({"query":"q","namespaces":["agent-1","agent-2"],"limit":3})");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(memory_.searched.query, "q");
    EXPECT_EQ(memory_.searched.limit, 3u);
    EXPECT_EQ(memory_.searched.access.allowed, std::vector<std::string>{"agent-*"});
    EXPECT_EQ(answer.at({"shards_searched"}), "2");
    EXPECT_EQ(answer.at({"notes"}), R"(["no embedder: ranked by text only"])");
    EXPECT_NE(answer.body.find(R"({"score":0.9,"text_score":0.5,"similarity":0.25,"entry":{)"),
              std::string::npos);
    ASSERT_EQ(security_.records.size(), 2u);
    EXPECT_EQ(security_.records[0].resource, "memory:agent-1");
    EXPECT_EQ(security_.records[1].resource, "memory:agent-2");
}

TEST_F(SearchTest, SearchesAllThatIsAllowedAndRecordsWhatWasSeen) {
    const auto answer = send("POST", "/api/v1/search", agent_, R"({"query":"q"})");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(memory_.searched.namespaces.empty());
    EXPECT_EQ(memory_.searched.access.allowed, std::vector<std::string>{"agent-*"});
    ASSERT_EQ(security_.records.size(), 2u);
    EXPECT_EQ(security_.records[0].resource, "memory:agent-1");
    EXPECT_EQ(security_.records[1].resource, "memory:agent-2");
    memory_.found.hits.clear();
    send("POST", "/api/v1/search", agent_, R"({"query":"q"})");
    EXPECT_EQ(security_.records.back().resource, "memory:agent-*");
}

TEST_F(SearchTest, OneNamespaceThatIsNotAllowedRefusesAll) {
    expect_problem(send("POST", "/api/v1/search", agent_,
                        R"({"query":"q","namespaces":["agent-1","secret"]})"),
                   403, "permission_denied", "");
    EXPECT_EQ(memory_.calls, 0);
    EXPECT_TRUE(security_.records.empty());
}

TEST_F(SearchTest, NamesWhatIsWrong) {
    for (const auto& [body, field] : std::vector<std::pair<std::string, const char*>>{
             {R"({"query":1})", "query"},
             {R"({"query":"q","limit":0})", "limit"},
             {R"({"query":"q","mode":"telepathy"})", "mode"},
             {R"({"query":"q","filter":{"a":{"near":1}}})", "filter.a.near"},
             {R"({"embedding":[1,1e60]})", "embedding[1]"},
             {R"({"query":"q","top_k":3})", "top_k"},
             {R"({"query":"q)", "query"}}) {
        expect_problem(send("POST", "/api/v1/search", {}, body), 400, "invalid_argument", field);
    }
    std::string many = R"({"query":"q","namespaces":["n")";
    for (int i = 0; i < 1000; ++i) {
        many += ",\"n" + std::to_string(i) + '"';
    }
    expect_problem(send("POST", "/api/v1/search", {}, many + "]}"), 400, "invalid_argument",
                   "namespaces");
    expect_problem(send("POST", "/api/v1/search", {{"Content-Type", "text/plain"}}, "q"), 415,
                   "unsupported_media_type", "Content-Type");
    EXPECT_EQ(memory_.calls, 0);
}

TEST_F(SearchTest, SaysThatThereIsNoEmbedder) {
    memory_.error = Error(FakeSecurity::make_code(Failure::not_supported), "set embedder.kind");
    const auto answer = send("POST", "/api/v1/search", {}, R"({"query":"q","mode":"vector"})");
    expect_problem(answer, 501, "not_supported", "");
    EXPECT_EQ(answer.at({"detail"}), "set embedder.kind");
}

}  // namespace
}  // namespace pgmind::integration
