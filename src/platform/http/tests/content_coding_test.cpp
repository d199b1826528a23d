#include "platform/http/content_coding.hpp"

#include <gtest/gtest.h>

#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

TEST(AcceptsGzip, FollowsCodingsAndWeights) {
    for (const char* yes : {"gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "gzip; q=1", "*",
                            "br;q=1.0, gzip;q=0.8, *;q=0.1", "x-gzip"}) {
        EXPECT_TRUE(accepts_gzip(yes)) << yes;
    }
    for (const char* no : {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0",
                           "gzip;q=0, *", "gzipped", ",,"}) {
        EXPECT_FALSE(accepts_gzip(no)) << no;
    }
}

Response text_response(std::string_view type, std::size_t size) {
    Response response;
    response.headers.add("Content-Type", std::string(type));
    response.body.assign(size, 'x');
    return response;
}

TEST(WorthCompressing, IsLongTextWithoutStrongTag) {
    EXPECT_TRUE(is_worth_compressing(text_response("application/json; charset=utf-8", 1024)));
    EXPECT_TRUE(is_worth_compressing(text_response("text/plain", 4096)));
    EXPECT_TRUE(is_worth_compressing(text_response("application/x-ndjson", 4096)));
    EXPECT_FALSE(is_worth_compressing(text_response("application/json", 1023)));
    EXPECT_FALSE(is_worth_compressing(text_response("image/png", 4096)));
    EXPECT_FALSE(is_worth_compressing(text_response("", 4096)));
    EXPECT_FALSE(is_worth_compressing(text_response("text/plain", 2 * 1024 * 1024)));
    Response tagged = text_response("text/plain", 4096);
    tagged.headers.set("ETag", "\"5\"");
    EXPECT_FALSE(is_worth_compressing(tagged));
    tagged.headers.set("ETag", "W/\"5\"");
    EXPECT_TRUE(is_worth_compressing(tagged));
    tagged.headers.set("Content-Encoding", "br");
    EXPECT_FALSE(is_worth_compressing(tagged));
}

Result<std::string> decode(const std::string& encoded, std::size_t step, std::size_t part_max) {
    Gunzip gunzip;
    std::string decoded;
    for (std::size_t at = 0; at < encoded.size(); at += step) {
        gunzip.give(encoded.substr(at, step));
        while (!gunzip.needs_input()) {
            const std::size_t before = decoded.size();
            if (auto taken = gunzip.take(decoded, part_max); !taken) {
                return fail(taken.error());
            }
            EXPECT_LE(decoded.size() - before, part_max);
        }
    }
    if (!gunzip.complete()) {
        return fail(Errc::malformed, "incomplete");
    }
    return decoded;
}

std::string sample_text() {
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        text += "line " + std::to_string(i * 7919) + "\n";
    }
    return text;
}

TEST(Gunzip, DecodesInPartsOfAnySize) {
    const std::string text = sample_text();
    const std::string encoded = gzip(text);
    EXPECT_LT(encoded.size(), text.size() / 2);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, encoded.size()}) {
        for (const std::size_t part_max : {std::size_t{1}, std::size_t{100}, text.size() + 1}) {
            const auto decoded = decode(encoded, step, part_max);
            ASSERT_TRUE(decoded.has_value());
            EXPECT_EQ(*decoded, text);
        }
    }
}

TEST(Gunzip, ReadsMembersThatFollowOneAnother) {
    const auto decoded = decode(gzip("one ") + gzip("two"), 3, 64);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, "one two");
    const auto empty = decode(gzip(""), 1, 64);
    ASSERT_TRUE(empty.has_value());
    EXPECT_EQ(*empty, "");
}

TEST(Gunzip, RefusesWhatIsCutOrDamaged) {
    const std::string encoded = gzip(sample_text());
    EXPECT_FALSE(decode(encoded.substr(0, encoded.size() - 1), 100, 100).has_value());
    std::string damaged = encoded;
    damaged[encoded.size() / 2] = static_cast<char>(damaged[encoded.size() / 2] ^ 0x55);
    EXPECT_FALSE(decode(damaged, 100, 100).has_value());
    EXPECT_FALSE(decode("plain text", 100, 100).has_value());
    EXPECT_FALSE(decode(encoded + "garbage", 100, 100).has_value());
}

}  // namespace
}  // namespace pgmind::http
