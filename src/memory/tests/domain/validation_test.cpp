#include "memory/domain/validation.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

namespace pgmind::memory {
namespace {

StoreRequest good_entry() {
    StoreRequest request;
    request.namespace_name = "team/notes";
    request.key = "k";
    request.value_json = "{}";
    return request;
}

template <class Request>
struct Case {
    std::string what;
    std::function<void(Request&)> change;
    std::string field;  ///< empty: accepted
    Failure failure = Failure::invalid_argument;
    std::string limit = {};  ///< what the message must name
};

template <class Request>
void check(const Request& good, const std::vector<Case<Request>>& cases) {
    ASSERT_TRUE(validate(good));
    for (const Case<Request>& one : cases) {
        Request request = good;
        one.change(request);
        const Result<void> result = validate(request);
        if (one.field.empty()) {
            EXPECT_TRUE(result) << one.what << ": " << result.error().detail;
            continue;
        }
        ASSERT_FALSE(result) << one.what;
        EXPECT_EQ(result.error().field, one.field) << one.what;
        EXPECT_TRUE(result.error().is(one.failure)) << one.what;
        EXPECT_NE(result.error().detail.find(one.limit), std::string::npos)
            << one.what << ": " << result.error().detail;
    }
}

TEST(Validation, names_and_keys) {
    check<StoreRequest>(
        good_entry(),
        {{"longest namespace", [](auto& r) { r.namespace_name.assign(255, 'n'); }, ""},
         {"empty namespace", [](auto& r) { r.namespace_name = ""; }, "namespace"},
         {"long namespace", [](auto& r) { r.namespace_name.assign(256, 'n'); }, "namespace",
          Failure::invalid_argument, "255"},
         {"star in a namespace", [](auto& r) { r.namespace_name = "a*"; }, "namespace"},
         {"longest key", [](auto& r) { r.key.assign(1024, 'k'); }, ""},
         {"any script", [](auto& r) { r.key = "ключ 鍵 🦊"; }, ""},
         {"empty key", [](auto& r) { r.key = ""; }, "key"},
         {"long key", [](auto& r) { r.key.assign(1025, 'k'); }, "key", Failure::invalid_argument,
          "1024"},
         {"NUL in a key", [](auto& r) { r.key = std::string("a\0b", 3); }, "key"},
         {"line break", [](auto& r) { r.key = "a\nb"; }, "key"},
         {"DEL", [](auto& r) { r.key = "a\x7f"; }, "key"},
         {"C1 control", [](auto& r) { r.key = "a\xc2\x85"; }, "key"},
         {"no-break space is no control", [](auto& r) { r.key = "a\xc2\xa0"; }, ""},
         {"cut UTF-8", [](auto& r) { r.key = "\xc3"; }, "key"},
         {"surrogate", [](auto& r) { r.key = "\xed\xa0\x80"; }, "key"}});
}

TEST(Validation, values_and_texts) {
    check<StoreRequest>(
        good_entry(),
        {{"largest value",
          [](auto& r) { r.value_json = '"' + std::string(Limits::value_bytes_max - 2, 'v') + '"'; },
          ""},
         {"too large value", [](auto& r) { r.value_json.assign(Limits::value_bytes_max + 1, '1'); },
          "value", Failure::payload_too_large, "1048576"},
         {"no value", [](auto& r) { r.value_json = ""; }, "value"},
         {"NUL escaped", [](auto& r) { r.value_json = R"("a\u0000")"; }, "value",
          Failure::invalid_argument, "NUL"},
         {"NUL escape after a backslash", [](auto& r) { r.value_json = R"("a\\\u0000")"; },
          "value"},
         {"escaped backslash before u0000", [](auto& r) { r.value_json = R"("a\\u0000")"; }, ""},
         {"value not UTF-8", [](auto& r) { r.value_json = "\"\xff\""; }, "value"},
         {"large metadata",
          [](auto& r) { r.metadata_json = "{\"a\":\"" + std::string(65'536, 'm') + "\"}"; },
          "metadata", Failure::payload_too_large, "65536"},
         {"metadata no object", [](auto& r) { r.metadata_json = "[]"; }, "metadata"},
         {"metadata blank", [](auto& r) { r.metadata_json = "  "; }, "metadata"},
         {"metadata after space", [](auto& r) { r.metadata_json = " \n{}"; }, ""},
         {"large text", [](auto& r) { r.text = std::string(1'000'001, 't'); }, "text",
          Failure::payload_too_large, "1000000"},
         {"text with NUL", [](auto& r) { r.text = std::string(1, '\0'); }, "text"},
         {"text with lines", [](auto& r) { r.text = "a\nb"; }, ""}});
}

TEST(Validation, options_of_a_write) {
    using std::chrono::seconds;
    check<StoreRequest>(
        good_entry(),
        {{"both scopes", [](auto& r) { r.scope = Scope::both; }, "scope"},
         {"shared", [](auto& r) { r.scope = Scope::shared; }, ""},
         {"empty embedding", [](auto& r) { r.embedding.emplace(); }, "embedding"},
         {"largest embedding", [](auto& r) { r.embedding.emplace(16'000, 1.0F); }, ""},
         {"large embedding", [](auto& r) { r.embedding.emplace(16'001, 1.0F); }, "embedding",
          Failure::invalid_argument, "16000"},
         {"NaN", [](auto& r) { r.embedding = {{1, std::numeric_limits<float>::quiet_NaN()}}; },
          "embedding[1]"},
         {"infinity", [](auto& r) { r.embedding = {{std::numeric_limits<float>::infinity()}}; },
          "embedding[0]"},
         {"no time to live", [](auto& r) { r.ttl = seconds(0); }, "ttl_seconds"},
         {"ten years", [](auto& r) { r.ttl = seconds(Limits::ttl_seconds_max); }, ""},
         {"longer", [](auto& r) { r.ttl = seconds(Limits::ttl_seconds_max + 1); }, "ttl_seconds",
          Failure::invalid_argument, "315360000"},
         {"version 0", [](auto& r) { r.expected_version = 0; }, "expected_version"},
         {"version of what must not exist",
          [](auto& r) {
              r.expected_version = 1;
              r.mode = StoreMode::create_only;
          },
          "expected_version"},
         {"empty idempotency key", [](auto& r) { r.idempotency_key = ""; }, "idempotency_key"},
         {"long idempotency key", [](auto& r) { r.idempotency_key = std::string(256, 'x'); },
          "idempotency_key", Failure::invalid_argument, "255"}});
}

TEST(Validation, deletes_and_lists) {
    DeleteRequest target;
    target.address = {Scope::project, "n", "k"};
    check<DeleteRequest>(
        target, {{"both scopes", [](auto& r) { r.address.scope = Scope::both; }, "scope"},
                 {"no key", [](auto& r) { r.address.key = ""; }, "key"},
                 {"version", [](auto& r) { r.expected_version = -1; }, "expected_version"}});
    ListRequest list;
    list.namespace_name = "n";
    check<ListRequest>(
        list,
        {{"no namespace", [](auto& r) { r.namespace_name = ""; }, "namespace"},
         {"limit 0", [](auto& r) { r.limit = 0; }, "limit", Failure::invalid_argument, "1000"},
         {"limit 1001", [](auto& r) { r.limit = 1001; }, "limit"},
         {"bad prefix", [](auto& r) { r.key_prefix = "\x01"; }, "prefix"},
         {"bad filter", [](auto& r) { r.filter = Filter{FilterOperator::equal, {"a"}, {}, {}}; },
          "filter.a"}});
}

TEST(Validation, searches) {
    SearchRequest search;
    search.query = "words";
    check<SearchRequest>(
        search,
        {{"no query", [](auto& r) { r.query = " \t"; }, "query"},
         {"text without query",
          [](auto& r) {
              r.query = "";
              r.mode = SearchMode::text;
              r.embedding = {{1.0F}};
          },
          "query"},
         {"embedding in place of a query",
          [](auto& r) {
              r.query = "";
              r.embedding = {{1.0F}};
          },
          ""},
         {"long query", [](auto& r) { r.query.assign(4097, 'q'); }, "query",
          Failure::invalid_argument, "4096"},
         {"query not UTF-8", [](auto& r) { r.query = "\xff"; }, "query"},
         {"zero vector", [](auto& r) { r.embedding = {{0.0F, 0.0F}}; }, "embedding"},
         {"limit", [](auto& r) { r.limit = 1001; }, "limit"},
         {"similarity", [](auto& r) { r.similarity_min = 1.5; }, "similarity_min"},
         {"ef_search none", [](auto& r) { r.ef_search = 0; }, "ef_search"},
         {"ef_search large", [](auto& r) { r.ef_search = 1001; }, "ef_search"},
         {"similarity NaN", [](auto& r) { r.similarity_min = std::nan(""); }, "similarity_min"},
         {"negative weight", [](auto& r) { r.text_weight = -1; }, "text_weight"},
         {"weight NaN", [](auto& r) { r.vector_weight = std::nan(""); }, "vector_weight"},
         {"no weight",
          [](auto& r) {
              r.text_weight = 0;
              r.vector_weight = 0;
          },
          "vector_weight"},
         {"many namespaces", [](auto& r) { r.namespaces.assign(1001, "n"); }, "namespaces",
          Failure::invalid_argument, "1000"},
         {"bad namespace", [](auto& r) { r.namespaces = {"a", ""}; }, "namespaces"}});
}

TEST(Validation, namespaces) {
    NamespaceRequest request;
    request.name = "n";
    check<NamespaceRequest>(request,
                            {{"dimensions 0", [](auto& r) { r.dimensions = 0; }, "dimensions"},
                             {"dimensions", [](auto& r) { r.dimensions = 16'001; }, "dimensions",
                              Failure::invalid_argument, "16000"},
                             {"language", [](auto& r) { r.text_language = ""; }, "text_language"},
                             {"metadata", [](auto& r) { r.metadata_json = "1"; }, "metadata"},
                             {"both scopes", [](auto& r) { r.scope = Scope::both; }, "scope"}});
    check<NamespaceListRequest>(NamespaceListRequest(),
                                {{"limit", [](auto& r) { r.limit = 0; }, "limit"},
                                 {"prefix", [](auto& r) { r.name_prefix = "a*"; }, "prefix"}});
}

}  // namespace
}  // namespace pgmind::memory
