#include "integration/adapters/filter_json.hpp"

#include <gtest/gtest.h>

#include "platform/json/field_reader.hpp"

namespace pgmind::integration {
namespace {

using memory::Filter;
using memory::FilterOperator;
using memory::FilterValue;

Result<std::optional<Filter>> read(std::string_view text) {
    const auto value = json::parse(text, json::ReadLimits());
    EXPECT_TRUE(value) << value.error().detail;
    return read_filter(*value, "filter");
}

std::string show(const FilterValue& value) {
    if (std::holds_alternative<std::nullptr_t>(value)) {
        return "null";
    }
    if (const bool* flag = std::get_if<bool>(&value)) {
        return *flag ? "true" : "false";
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        return std::to_string(*integer);
    }
    if (const double* number = std::get_if<double>(&value)) {
        return "~" + std::to_string(*number);
    }
    return "'" + std::get<std::string>(value) + "'";
}

// A short form of a filter, to compare with.
std::string show(const Filter& filter) {
    static constexpr const char* kNames[] = {"and", "or", "not", "=",  "!=",       "<",
                                             "<=",  ">",  ">=",  "in", "contains", "exists"};
    const std::string name = kNames[static_cast<std::size_t>(filter.operation)];
    std::string text = filter.children.empty() ? "" : name + "(";
    for (const Filter& child : filter.children) {
        text += show(child) + (&child == &filter.children.back() ? ")" : " ");
    }
    if (!filter.children.empty()) {
        return text;
    }
    for (const std::string& segment : filter.path) {
        text += (text.empty() ? "" : ">") + segment;
    }
    text += " " + name;
    for (const FilterValue& value : filter.values) {
        text += " " + show(value);
    }
    return text;
}

std::string shown(std::string_view text) {
    const auto filter = read(text);
    EXPECT_TRUE(filter) << filter.error().field << ": " << filter.error().detail;
    return filter && *filter ? show(**filter) : "none";
}

TEST(FilterJson, ReadsConditions) {
    EXPECT_EQ(shown(R"({})"), "none");
    EXPECT_EQ(shown(R"({"lang":"en"})"), "lang = 'en'");
    EXPECT_EQ(shown(R"({"a":null})"), "a = null");
    EXPECT_EQ(shown(R"({"a":true})"), "a = true");
    EXPECT_EQ(shown(R"({"a":1.5})"), "a = ~1.500000");
    EXPECT_EQ(shown(R"({"score":{"gte":3,"lt":7}})"), "and(score >= 3 score < 7)");
    EXPECT_EQ(shown(R"({"k":{"in":["a",1,null]}})"), "k in 'a' 1 null");
    EXPECT_EQ(shown(R"({"tags":{"contains":"x"},"a.b":{"exists":false}})"),
              "and(tags contains 'x' a>b exists false)");
    EXPECT_EQ(shown(R"({"@created_at":{"gt":"2026-01-01T00:00:00Z"}})"),
              "@created_at > '2026-01-01T00:00:00Z'");
    EXPECT_EQ(shown(R"({"or":[{"a":1},{"b":{"ne":2}}],"not":{"c":{"lte":3}}})"),
              "and(or(a = 1 b != 2) not(c <= 3))");
    EXPECT_EQ(shown(R"({"and":[{"a":1},{"or":[{"b":2}]}]})"), "and(a = 1 or(b = 2))");
}

TEST(FilterJson, PointersReachAnyKey) {
    EXPECT_EQ(shown(R"({"/and":1})"), "and = 1");
    EXPECT_EQ(shown(R"({"/a.b/c":1})"), "a.b>c = 1");
    EXPECT_EQ(shown(R"({"/a~1b~0":1})"), "a/b~ = 1");
}

TEST(FilterJson, NamesWhatIsWrong) {
    struct Case {
        const char* text;
        const char* field;
    };
    const std::vector<Case> cases = {
        {R"([])", "filter"},
        {R"("x")", "filter"},
        {R"({"a":{"gtee":3}})", "filter.a.gtee"},
        {R"({"a":{}})", "filter.a"},
        {R"({"a":[1]})", "filter.a"},
        {R"({"a":{"eq":{"b":1}}})", "filter.a.eq"},
        {R"({"a":{"in":3}})", "filter.a.in"},
        {R"({"a":{"in":[]}})", "filter.a.in"},
        {R"({"a":{"in":[1,[2]]}})", "filter.a.in[1]"},
        {R"({"a":{"exists":1}})", "filter.a.exists"},
        {R"({"a":{"eq":1e999}})", "filter.a.eq"},
        {R"({"or":{}})", "filter.or"},
        {R"({"or":[]})", "filter.or"},
        {R"({"or":[{"a":1},{}]})", "filter.or[1]"},
        {R"({"or":[{"a":1},{"b":{"x":1}}]})", "filter.or[1].b.x"},
        {R"({"not":[]})", "filter.not"},
        {R"({"a..b":1})", "filter.a..b"},
        {R"({"":1})", "filter."},
        {R"({"/a~2":1})", "filter./a~2"},
    };
    for (const Case& one : cases) {
        const auto result = read(one.text);
        ASSERT_FALSE(result) << one.text;
        EXPECT_TRUE(result.error().is(Failure::invalid_argument));
        EXPECT_EQ(result.error().field, one.field) << one.text;
        EXPECT_FALSE(result.error().detail.empty());
    }
}

}  // namespace
}  // namespace pgmind::integration
