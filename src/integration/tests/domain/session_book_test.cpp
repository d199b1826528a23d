#include "integration/domain/session_book.hpp"

#include <gtest/gtest.h>

namespace pgmind::integration::mcp {
namespace {

using std::chrono::minutes;

const SessionOwner kAnna{PrincipalId("anna"), "key-1"};
const SessionOwner kAnnasOtherKey{PrincipalId("anna"), "key-2"};
const SessionOwner kBen{PrincipalId("ben"), "key-3"};

SteadyTime at(int minute) {
    return SteadyTime() + minutes(minute);
}

TEST(SessionBook, a_session_is_only_there_for_the_key_that_opened_it) {
    SessionBook book({10, 10, minutes(30)});
    ASSERT_TRUE(book.admit("s", kAnna, at(0)));
    EXPECT_TRUE(book.use("s", kAnna, at(1)));
    EXPECT_FALSE(book.use("s", kAnnasOtherKey, at(1)));
    EXPECT_FALSE(book.use("s", kBen, at(1)));
    EXPECT_FALSE(book.use("t", kAnna, at(1)));
}

TEST(SessionBook, a_session_ends_once) {
    SessionBook book({10, 10, minutes(30)});
    ASSERT_TRUE(book.admit("s", kAnna, at(0)));
    book.end("s");
    book.end("s");
    EXPECT_FALSE(book.use("s", kAnna, at(1)));
    EXPECT_EQ(book.size(), 0U);
}

TEST(SessionBook, idle_sessions_expire_and_used_ones_stay) {
    SessionBook book({10, 10, minutes(30)});
    ASSERT_TRUE(book.admit("idle", kAnna, at(0)));
    ASSERT_TRUE(book.admit("used", kAnna, at(0)));
    EXPECT_TRUE(book.use("used", kAnna, at(20)));
    EXPECT_TRUE(book.expire(at(29)).empty());
    EXPECT_EQ(book.expire(at(30)), std::vector<std::string>{"idle"});
    EXPECT_FALSE(book.use("idle", kAnna, at(30)));
    EXPECT_TRUE(book.use("used", kAnna, at(30)));
}

TEST(SessionBook, a_full_book_admits_nobody) {
    SessionBook book({2, 2, minutes(30)});
    ASSERT_TRUE(book.admit("a", kAnna, at(0)));
    ASSERT_TRUE(book.admit("b", kBen, at(0)));
    EXPECT_FALSE(book.admit("c", kAnnasOtherKey, at(1)));
    EXPECT_EQ(book.size(), 2U);
}

TEST(SessionBook, a_greedy_key_pushes_out_only_its_own_longest_idle_session) {
    SessionBook book({10, 2, minutes(30)});
    ASSERT_TRUE(book.admit("ben", kBen, at(0)));
    ASSERT_TRUE(book.admit("a", kAnna, at(0)));
    ASSERT_TRUE(book.admit("b", kAnna, at(1)));
    EXPECT_TRUE(book.use("a", kAnna, at(2)));
    const auto admitted = book.admit("c", kAnna, at(3));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->pushed_out, "b");
    EXPECT_TRUE(book.use("a", kAnna, at(4)));
    EXPECT_TRUE(book.use("c", kAnna, at(4)));
    EXPECT_TRUE(book.use("ben", kBen, at(4)));
    EXPECT_FALSE(book.use("b", kAnna, at(4)));
}

}  // namespace
}  // namespace pgmind::integration::mcp
