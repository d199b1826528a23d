#include <gtest/gtest.h>

#include "platform/json/value.hpp"

namespace pgmind::json {
namespace {

const ReadLimits kLimits;

TEST(JsonParse, KeepsEveryValueAsItWasWritten) {
    const std::string text =
        " {\"a\": 1.10e2, \"b\" :[1, 2 ,{\"x\":\"}\\\"\"}],\"c\":\"\\u00e9\\n\", \"d\":null,"
        "\"n\":123456789012345678901234567890.000100 } ";
    const auto object = parse_object(text, kLimits);
    ASSERT_TRUE(object) << object.error().detail;
    ASSERT_EQ(object->members().size(), 5u);
    EXPECT_EQ(object->find("a")->text(), "1.10e2");
    EXPECT_EQ(object->find("b")->text(), "[1, 2 ,{\"x\":\"}\\\"\"}]");
    EXPECT_EQ(object->find("c")->text(), "\"\\u00e9\\n\"");
    EXPECT_EQ(decode_string(*object->find("c")), "\xc3\xa9\n");
    EXPECT_TRUE(object->find("d")->is_null());
    EXPECT_EQ(object->find("n")->text(), "123456789012345678901234567890.000100");
    EXPECT_EQ(object->find("missing"), nullptr);
    const auto parts = elements(*object->find("b"));
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_EQ(parts[1].text(), "2");
    EXPECT_EQ(parts[2].kind(), Kind::object);
}

TEST(JsonParse, TakesEveryKindOfScalarAtTheTop) {
    for (const char* text : {"null", "true", "false", "0", "-1.5", "\"\"", "[]", "{}", " 7\n"}) {
        EXPECT_TRUE(parse(text, kLimits)) << text;
    }
    EXPECT_EQ(parse(" 7\n", kLimits)->text(), "7");
    EXPECT_TRUE(elements(*parse("[]", kLimits)).empty());
    EXPECT_TRUE(elements(*parse("[ ]", kLimits)).empty());
    EXPECT_TRUE(Object::of(*parse("{ }", kLimits), "")->members().empty());
}

TEST(JsonParse, RefusesWhatIsNotStrictJson) {
    for (const char* text : {"",
                             " ",
                             "{",
                             "[1,]",
                             "{\"a\":1,}",
                             "{a:1}",
                             "'a'",
                             "01",
                             "1.",
                             ".5",
                             "+1",
                             "NaN",
                             "Infinity",
                             "-Infinity",
                             "nul",
                             "{\"a\" 1}",
                             "[1 2]",
                             "1 2",
                             "{} x",
                             "// c\n1",
                             "\"\t\"",
                             "\"\\x\"",
                             "\"\\ud800\"",
                             "\"\\udc00x\"",
                             "\"\xff\"",
                             "\"\xed\xa0\x80\"",
                             "\xef\xbb\xbf{}",
                             "\"\\u0000\"",
                             "{\"\\u0000\":1}",
                             "\"a"}) {
        const auto result = parse(text, kLimits);
        ASSERT_FALSE(result) << text;
        EXPECT_TRUE(result.error().is(Failure::invalid_argument)) << text;
    }
    EXPECT_FALSE(parse(std::string_view("\"a\0b\"", 5), kLimits));
}

TEST(JsonParse, NamesLineColumnAndPath) {
    const auto result = parse("{\n  \"a\": [1, {\"b\": tru}]\n}", kLimits);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().field, "a[1].b");
    EXPECT_NE(result.error().detail.find("line 2, column 18"), std::string::npos)
        << result.error().detail;
}

TEST(JsonParse, RefusesAKeyThatStandsTwice) {
    for (const char* text : {R"({"a":1,"b":2,"a":3})", R"({"x":{"a":1,"\u0061":2}})"}) {
        const auto result = parse(text, kLimits);
        ASSERT_FALSE(result) << text;
        EXPECT_NE(result.error().detail.find("twice"), std::string::npos);
    }
    EXPECT_EQ(parse(R"({"x":[0,{"a":1,"a":2}]})", kLimits).error().field, "x[1].a");
    EXPECT_TRUE(parse(R"([{"a":1},{"a":2},{"b":{"a":1},"a":2}])", kLimits));
}

TEST(JsonParse, LimitsDepthAndSize) {
    const ReadLimits limits{.bytes_max = 1000, .depth_max = 8};
    EXPECT_TRUE(parse(std::string(8, '[') + std::string(8, ']'), limits));
    const auto deep = parse(std::string(9, '[') + std::string(9, ']'), limits);
    ASSERT_FALSE(deep);
    EXPECT_NE(deep.error().detail.find("deeper than 8"), std::string::npos) << deep.error().detail;
    const auto large = parse('"' + std::string(1000, 'x') + '"', limits);
    ASSERT_FALSE(large);
    EXPECT_TRUE(large.error().is(Failure::payload_too_large));
}

TEST(JsonParse, RefusesNumbersThatWouldGrowWhenWrittenOut) {
    EXPECT_TRUE(parse("1e1024", kLimits));
    EXPECT_FALSE(parse("1e1025", kLimits));
    EXPECT_FALSE(parse("[1E-99999999999999999999]", kLimits));
    EXPECT_TRUE(parse(std::string(1024, '7'), kLimits));
    EXPECT_FALSE(parse(std::string(1025, '7'), kLimits));
    std::string many = "[1e1000";
    for (int i = 0; i < 1100; ++i) {
        many += ",1e1000";
    }
    EXPECT_FALSE(parse(many + "]", kLimits));
}

TEST(JsonParse, SaysWhereAnObjectWasExpected) {
    const auto result = parse_object("[1]", kLimits);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().detail, "must be an object, not an array");
}

TEST(JsonPath, JoinsNamesAndIndexes) {
    EXPECT_EQ(join_path("", "a"), "a");
    EXPECT_EQ(join_path("a", "b"), "a.b");
    EXPECT_EQ(join_path("a.b", 3), "a.b[3]");
    EXPECT_EQ(join_path("", std::string(100, 'x')), std::string(64, 'x') + "...");
}

}  // namespace
}  // namespace pgmind::json
