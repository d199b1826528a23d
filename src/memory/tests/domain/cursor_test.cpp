#include "memory/domain/cursor.hpp"

#include <gtest/gtest.h>

namespace pgmind::memory {
namespace {

ListRequest question() {
    ListRequest request;
    request.namespace_name = "n";
    return request;
}

TEST(Cursor, reads_what_it_wrote) {
    for (const Position& position :
         {Position{0, "k", Scope::project}, Position{1'795'435'439'000'001, "ü🦊", Scope::shared},
          Position{253'402'300'799'999'999, std::string(1024, 'x'), Scope::project}}) {
        const std::string cursor = encode_cursor(7, position);
        EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789-_"),
                  std::string::npos);
        const Result<Position> read = decode_cursor(7, cursor);
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(*read, position);
    }
}

TEST(Cursor, refuses_everything_else) {
    const std::string good = encode_cursor(7, Position{5, "key", Scope::project});
    std::vector<std::string> bad{"",  "x", "====", "' OR 1=1 --", good + "A", good + "=",
                                 good.substr(0, good.size() - 1), good.substr(1), " " + good,
                                 std::string(2000, 'A'), encode_cursor(7, Position{5, "", {}}),
                                 encode_cursor(7, Position{-1, "k", {}}),
                                 encode_cursor(7, Position{253'402'300'800'000'000, "k", {}}),
                                 encode_cursor(7, Position{5, "\xff", {}}),
                                 encode_cursor(7, Position{5, std::string(1, '\0'), {}})};
    for (const std::string& cursor : bad) {
        const Result<Position> read = decode_cursor(7, cursor);
        ASSERT_FALSE(read) << cursor;
        EXPECT_EQ(read.error().field, "cursor");
        EXPECT_TRUE(read.error().is(Failure::invalid_argument));
    }
    EXPECT_FALSE(decode_cursor(8, good));
}

// Whatever character is changed, the cursor is refused or means another place of the same list: it
// never reads as something that could not have been given.
TEST(Cursor, a_changed_character_is_safe) {
    const std::string good = encode_cursor(7, Position{5, "key", Scope::project});
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const char c : {'A', 'z', '0', '_', '.', '\0'}) {
            std::string changed = good;
            changed[i] = c;
            const Result<Position> read = decode_cursor(7, changed);
            if (read) {
                EXPECT_EQ(encode_cursor(7, *read), changed);
            }
        }
    }
}

TEST(Cursor, the_fingerprint_tells_questions_apart) {
    const std::uint64_t base = fingerprint_of(question());
    EXPECT_EQ(base, fingerprint_of(question()));
    std::vector<ListRequest> others(7, question());
    others[0].namespace_name = "m";
    others[1].key_prefix = "p";
    others[2].scope = Scope::both;
    others[3].order = ListOrder::created_at;
    others[4].descending = true;
    others[5].filter = Filter{FilterOperator::equal, {"a"}, {std::int64_t{1}}, {}};
    others[6].filter = Filter{FilterOperator::equal, {"a"}, {std::int64_t{2}}, {}};
    std::vector<std::uint64_t> seen{base};
    for (const ListRequest& other : others) {
        for (const std::uint64_t fingerprint : seen) {
            EXPECT_NE(fingerprint_of(other), fingerprint);
        }
        seen.push_back(fingerprint_of(other));
    }
    // The size of a page may change from page to page.
    ListRequest larger = question();
    larger.limit = 7;
    EXPECT_EQ(fingerprint_of(larger), base);
    NamespaceListRequest one;
    NamespaceListRequest two;
    two.name_prefix = "n";
    EXPECT_NE(fingerprint_of(one), fingerprint_of(two));
}

}  // namespace
}  // namespace pgmind::memory
