#include "integration/adapters/json_mapping.hpp"

#include <gtest/gtest.h>

namespace pgmind::integration {
namespace {

using json::FieldReader;

// Runs a reader over `text` and gives the field that finish() complains about, "" for none.
template <class Into>
std::string fault(std::string_view text, void (*read)(FieldReader&, Into&), Into& into) {
    const auto object = json::parse_object(text, json::ReadLimits());
    EXPECT_TRUE(object) << object.error().detail;
    FieldReader reader(*object);
    read(reader, into);
    const auto result = reader.finish();
    return result ? "" : result.error().field;
}

memory::Entry sample_entry() {
    memory::Entry entry;
    entry.scope = memory::Scope::shared;
    entry.namespace_name = "notes";
    entry.key = "a\"b";
    entry.entry_id = "0198c8b1-0000-7000-8000-000000000001";
    entry.value_json = R"({"n":1.50})";
    entry.metadata_json = R"({"t":["x"]})";
    entry.version = 7;
    entry.created_at = *parse_time("2026-01-02T03:04:05.000006Z");
    entry.updated_at = *parse_time("2026-01-02T03:04:06Z");
    return entry;
}

TEST(JsonMapping, ReadsAnEntryAsItWasWritten) {
    memory::StoreRequest request;
    EXPECT_EQ(fault(R"({"value": {"n": 1.10}, "text":"t","metadata":{"a": [1 ]},)"
                    R"("embedding":[0.5,-1],"ttl_seconds":60})",
                    read_entry_content, request),
              "");
    EXPECT_EQ(request.value_json, R"({"n": 1.10})");
    EXPECT_EQ(request.text, "t");
    EXPECT_EQ(request.metadata_json, R"({"a": [1 ]})");
    EXPECT_EQ(request.embedding, (std::vector<float>{0.5f, -1.0f}));
    EXPECT_EQ(request.ttl, std::chrono::seconds(60));

    memory::StoreRequest least;
    EXPECT_EQ(fault(R"({"value":null})", read_entry_content, least), "");
    EXPECT_EQ(least.value_json, "null");
    EXPECT_EQ(least.metadata_json, "{}");
    EXPECT_FALSE(least.text || least.embedding || least.ttl);
}

TEST(JsonMapping, NamesTheFieldOfAnEntryThatIsWrong) {
    memory::StoreRequest request;
    EXPECT_EQ(fault("{}", read_entry_content, request), "value");
    EXPECT_EQ(fault(R"({"value":1,"metadata":[]})", read_entry_content, request), "metadata");
    EXPECT_EQ(fault(R"({"value":1,"embedding":[1,"x"]})", read_entry_content, request),
              "embedding[1]");
    EXPECT_EQ(fault(R"({"value":1,"ttl_seconds":0})", read_entry_content, request), "ttl_seconds");
    EXPECT_EQ(fault(R"({"value":1,"ttl_seconds":315360001})", read_entry_content, request),
              "ttl_seconds");
    EXPECT_EQ(fault(R"({"value":1,"vlaue":2})", read_entry_content, request), "vlaue");
}

TEST(JsonMapping, ReadsASearch) {
    memory::SearchRequest request;
    EXPECT_EQ(fault(R"({"query":"q","namespaces":["a","b"],"scope":"both","mode":"text",)"
                    R"("match":"phrase","filter":{"x":1},"limit":5,"similarity_min":-0.5,)"
                    R"("text_weight":2,"vector_weight":0.5,"with_embedding":true})",
                    read_search_query, request),
              "");
    EXPECT_EQ(request.namespaces, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(request.scope, memory::Scope::both);
    EXPECT_EQ(request.mode, memory::SearchMode::text);
    EXPECT_EQ(request.match, memory::TextMatch::phrase);
    EXPECT_TRUE(request.filter);
    EXPECT_EQ(request.limit, 5u);
    EXPECT_EQ(request.similarity_min, -0.5);
    EXPECT_EQ(request.text_weight, 2.0);
    EXPECT_TRUE(request.with_embedding);

    memory::SearchRequest one;
    EXPECT_EQ(fault(R"({"embedding":[1],"namespace":"n"})", read_search_query, one), "");
    EXPECT_EQ(one.namespaces, std::vector<std::string>{"n"});
    EXPECT_EQ(one.mode, memory::SearchMode::hybrid);
    EXPECT_EQ(one.limit, 10u);
}

TEST(JsonMapping, NamesTheFieldOfASearchThatIsWrong) {
    memory::SearchRequest request;
    for (const auto& [text, field] : std::vector<std::pair<const char*, const char*>>{
             {R"({"limit":0})", "limit"},
             {R"({"limit":1001})", "limit"},
             {R"({"mode":"magic"})", "mode"},
             {R"({"namespaces":[]})", "namespaces"},
             {R"({"namespaces":["a"],"namespace":"b"})", "namespace"},
             {R"({"filter":{"a":{"b":1}}})", "filter.a.b"},
             {R"({"quarry":"x"})", "quarry"}}) {
        EXPECT_EQ(fault(text, read_search_query, request), field) << text;
    }
}

TEST(JsonMapping, ReadsAList) {
    memory::ListRequest request;
    EXPECT_EQ(
        fault(R"({"prefix":"p","order":"-updated_at","limit":7,"cursor":"c","scope":"shared",)"
              R"("filter":{},"with_embedding":true})",
              read_list_query, request),
        "");
    EXPECT_EQ(request.key_prefix, "p");
    EXPECT_EQ(request.order, memory::ListOrder::updated_at);
    EXPECT_TRUE(request.descending);
    EXPECT_EQ(request.limit, 7u);
    EXPECT_EQ(request.cursor, "c");
    EXPECT_FALSE(request.filter);
    EXPECT_EQ(fault(R"({"order":"size"})", read_list_query, request), "order");
}

TEST(JsonMapping, ReadsNamespaceSettingsAndScopes) {
    memory::NamespaceRequest request;
    EXPECT_EQ(fault(R"({"dimensions":3,"text_language":"german","metadata":{}})",
                    read_namespace_settings, request),
              "");
    EXPECT_EQ(request.dimensions, 3);
    memory::Scope scope = memory::Scope::project;
    EXPECT_EQ(fault(R"({"scope":"shared"})", read_write_scope, scope), "");
    EXPECT_EQ(scope, memory::Scope::shared);
    EXPECT_EQ(fault(R"({"scope":"both"})", read_write_scope, scope), "scope");
    EXPECT_EQ(*parse_scope("both", "scope", true), memory::Scope::both);
    EXPECT_EQ(parse_scope("both", "scope", false).error().field, "scope");
}

TEST(JsonMapping, WritesAnEntry) {
    memory::Entry entry = sample_entry();
    std::string out;
    append_entry(out, entry);
    EXPECT_EQ(out,
              R"({"scope":"shared","namespace":"notes","key":"a\"b",)"
              R"("id":"0198c8b1-0000-7000-8000-000000000001","value":{"n":1.50},)"
              R"("metadata":{"t":["x"]},"version":7,"created_at":"2026-01-02T03:04:05.000006Z",)"
              R"("updated_at":"2026-01-02T03:04:06.000000Z","expires_at":null})");
    entry.text = "words";
    entry.embedding = std::vector<float>{0.25f};
    entry.expires_at = entry.created_at;
    out.clear();
    append_entry(out, entry);
    EXPECT_NE(out.find(R"("text":"words")"), std::string::npos);
    EXPECT_NE(out.find(R"("embedding":[0.25])"), std::string::npos);
    EXPECT_NE(out.find(R"("expires_at":"2026-01-02T03:04:05.000006Z")"), std::string::npos);
}

TEST(JsonMapping, WritesValidJsonForEveryResult) {
    std::string out = "[";
    append_store_result(out, {sample_entry(), true, false});
    out += ",";
    append_entry_page(out, {{sample_entry(), sample_entry()}, "next"});
    out += ",";
    append_search_result(out, {{{sample_entry(), 0.5, 0.1, std::nullopt}}, 2, {"a note"}, {}});
    out += ",";
    memory::VectorPlan plan{
        "shard-1", memory::Scope::project, true, "no filter", 1, std::nullopt, 10, 100, 0.5};
    append_search_result(out, {{}, 1, {}, {plan}});
    out += ",";
    memory::Namespace details{
        memory::Scope::project, "n", 3, false, "english", "", "shard-1", 9, {}};
    append_namespace_page(out, {{details}, ""});
    out += ",";
    append_namespace_statistics(out, {details, 1, 2, 3});
    out += ",";
    cluster::ClusterStatus status;
    status.nodes.resize(2);
    const std::vector<intelligence::VectorIndexStatus> indexes{
        {"shard-1", "project", intelligence::VectorIndexState::building, "", 0.25, 2, 30, 4096}};
    append_cluster_status(out, status, &indexes);
    out += "]";
    const auto value = json::parse(out, json::ReadLimits());
    ASSERT_TRUE(value) << value.error().detail << "\n" << out;
    EXPECT_NE(out.find(R"("created":true,"replayed":false)"), std::string::npos);
    EXPECT_NE(out.find(R"("next_cursor":"next")"), std::string::npos);
    EXPECT_NE(out.find(R"("score":0.5,"text_score":0.1,"entry":{)"), std::string::npos);
    EXPECT_NE(out.find(R"("next_cursor":null)"), std::string::npos);
    EXPECT_NE(out.find(R"("state":"building","problem":"","progress":0.25,"namespaces":2)"),
              std::string::npos);
    EXPECT_NE(out.find(R"("plans":[{"shard":"shard-1","scope":"project","method":"index",)"
                       R"("reason":"no filter","namespaces":1,"selectivity":null,)"
                       R"("rows_visited":10,"ef_search":100,)"),
              std::string::npos);
}

}  // namespace
}  // namespace pgmind::integration
