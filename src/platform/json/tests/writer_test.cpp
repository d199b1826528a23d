#include "platform/json/writer.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "platform/json/value.hpp"

namespace pgmind::json {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_string(out, text);
    return out;
}

TEST(JsonWriter, EscapesStrings) {
    EXPECT_EQ(quoted("a\"\\\n\r\t\x01 \xe2\x82\xac"), "\"a\\\"\\\\\\n\\r\\t\\u0001 \xe2\x82\xac\"");
    EXPECT_EQ(quoted("x\xffy\xe2\x82"), "\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonWriter, WritesObjects) {
    std::string out;
    ObjectWriter object(out);
    object.string("s", "x").number("i", std::int64_t{-3}).number("d", 0.1).boolean("b", false);
    object.null("n").raw("r", "[1]").strings("l", {"a", "b"}).floats("f", {0.1f, 2.0f});
    object.name("o");
    ObjectWriter inner(out);
    inner.end();
    object.end();
    EXPECT_EQ(out, R"({"s":"x","i":-3,"d":0.1,"b":false,"n":null,"r":[1],"l":["a","b"],)"
                   R"("f":[0.1,2],"o":{}})");
    EXPECT_TRUE(parse(out, ReadLimits()));
}

TEST(JsonWriter, NeverWritesWhatIsNotANumber) {
    std::string out;
    append_number(out, std::nan(""));
    append_number(out, std::numeric_limits<float>::infinity());
    EXPECT_EQ(out, "nullnull");
}

}  // namespace
}  // namespace pgmind::json
