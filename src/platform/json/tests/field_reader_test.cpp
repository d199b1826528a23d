#include "platform/json/field_reader.hpp"

#include <gtest/gtest.h>

namespace pgmind::json {
namespace {

Object object_of(std::string_view text) {
    auto object = parse_object(text, ReadLimits());
    EXPECT_TRUE(object) << object.error().detail;
    return *object;
}

// Reads `text` with `read`, which returns nothing, and gives the error that finish() reports.
template <class Read>
std::string error_of(std::string_view text, Read read) {
    const Object object = object_of(text);
    FieldReader reader(object);
    read(reader);
    const auto result = reader.finish();
    return result ? "" : result.error().field + ": " + result.error().detail;
}

TEST(FieldReader, ReadsEveryType) {
    const std::string text = R"({"s":"a\n","i":-5,"n":2.5,"b":true,"c":"two","l":["x","y"],)"
                             R"("f":[1,2.5e-1,1e-300],"os":[{},{}],"r":[1, 2],)"
                             R"("nothing":null,"ro":{ "a":1 }})";
    const Object object = object_of(text);
    FieldReader reader(object);
    EXPECT_EQ(reader.require_string("s"), "a\n");
    EXPECT_EQ(reader.require_integer("i"), -5);
    EXPECT_EQ(reader.optional_number("n"), 2.5);
    EXPECT_EQ(reader.optional_boolean("b"), true);
    EXPECT_EQ(reader.optional_choice("c", {"one", "two"}), 1u);
    EXPECT_EQ(reader.optional_strings("l"), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(reader.optional_floats("f"), (std::vector<float>{1.0f, 0.25f, 0.0f}));
    const auto list = reader.optional_objects("os");
    ASSERT_TRUE(list);
    EXPECT_EQ(list->at(1).path(), "os[1]");
    EXPECT_EQ(reader.require_raw("r"), "[1, 2]");
    EXPECT_EQ(reader.optional_string("nothing"), std::nullopt);
    EXPECT_EQ(reader.optional_raw("nothing"), "null");
    EXPECT_EQ(reader.optional_raw_object("ro"), R"({ "a":1 })");
    EXPECT_EQ(reader.optional_string("absent"), std::nullopt);
    EXPECT_TRUE(reader.finish());
}

TEST(FieldReader, NamesTheFieldAtFault) {
    EXPECT_EQ(error_of("{}", [](FieldReader& r) { r.require_string("key"); }), "key: is required");
    EXPECT_EQ(error_of(R"({"key":1})", [](FieldReader& r) { r.require_string("key"); }),
              "key: must be a string, not a number");
    EXPECT_EQ(error_of(R"({"n":1.5})", [](FieldReader& r) { r.optional_integer("n"); }),
              "n: must be a whole number of at most 64 bits");
    EXPECT_EQ(
        error_of(R"({"n":99999999999999999999})", [](FieldReader& r) { r.optional_integer("n"); }),
        "n: must be a whole number of at most 64 bits");
    EXPECT_EQ(error_of(R"({"n":1e999})", [](FieldReader& r) { r.optional_number("n"); }),
              "n: is outside the range of double precision");
    EXPECT_EQ(error_of(R"({"f":[1,1e39]})", [](FieldReader& r) { r.optional_floats("f"); }),
              "f[1]: is outside the range of single precision");
    EXPECT_EQ(error_of(R"({"f":[1,null]})", [](FieldReader& r) { r.optional_floats("f"); }),
              "f[1]: must be a number");
    EXPECT_EQ(error_of(R"({"l":["a",1]})", [](FieldReader& r) { r.optional_strings("l"); }),
              "l[1]: must be a string");
    EXPECT_EQ(error_of(R"({"c":"x"})", [](FieldReader& r) { r.optional_choice("c", {"a", "b"}); }),
              "c: must be one of a, b");
    EXPECT_EQ(error_of(R"({"os":[1]})", [](FieldReader& r) { r.optional_objects("os"); }),
              "os[0]: must be an object");
    EXPECT_EQ(error_of(R"({"a":1,"b":2})", [](FieldReader& r) { r.ignore("a"); }),
              "b: is not a field that is known here");
}

TEST(FieldReader, KeepsTheFirstErrorOnly) {
    EXPECT_EQ(error_of(R"({"a":1,"b":2})",
                       [](FieldReader& r) {
                           r.require_string("b");
                           r.require_string("missing");
                           EXPECT_FALSE(r.ok());
                       }),
              "b: must be a string, not a number");
}

}  // namespace
}  // namespace pgmind::json
