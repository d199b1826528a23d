#include "security/domain/rate_book.hpp"

#include <gtest/gtest.h>

namespace pgmind::security {
namespace {

using std::chrono::milliseconds;
using Verdict = RateAnswer::Verdict;

constexpr SteadyTime kBegin{std::chrono::hours(1)};
constexpr RateRule kTen{10, 20, 0};

std::uint32_t admitted(RateBook& book, std::string_view subject, const RateRule& rule,
                       SteadyTime now, int tries) {
    std::uint32_t count = 0;
    for (int i = 0; i < tries; ++i) {
        const RateAnswer answer = book.admit(subject, rule, now);
        if (answer.verdict == Verdict::admitted) {
            ++count;
            book.release(subject, answer.shared);
        }
    }
    return count;
}

TEST(RateBook, LetsABurstThroughAndThenTheRate) {
    RateBook book(10);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin, 100), 20u);
    const RateAnswer answer = book.admit("a", kTen, kBegin);
    EXPECT_EQ(answer.verdict, Verdict::too_fast);
    EXPECT_EQ(answer.retry_after, milliseconds(100));
    EXPECT_EQ(answer.full_after, milliseconds(2'000));
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + milliseconds(99), 100), 0u);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + milliseconds(100), 100), 1u);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + milliseconds(1'100), 100), 10u);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + std::chrono::hours(1), 100), 20u);
    EXPECT_EQ(admitted(book, "b", kTen, kBegin, 100), 20u) << "each has its own";
}

TEST(RateBook, SaysWhatIsLeft) {
    RateBook book(10);
    EXPECT_EQ(book.admit("a", kTen, kBegin).remaining, 19u);
    EXPECT_EQ(book.admit("a", kTen, kBegin).remaining, 18u);
    EXPECT_EQ(book.admit("a", kTen, kBegin).full_after, milliseconds(300));
}

TEST(RateBook, CountsWhatRuns) {
    RateBook book(10);
    const RateRule two{0, 0, 2};
    EXPECT_TRUE(book.admit("a", two, kBegin).first);
    EXPECT_FALSE(book.admit("a", two, kBegin).first);
    EXPECT_EQ(book.admit("a", two, kBegin).verdict, Verdict::too_many_at_once);
    EXPECT_FALSE(book.release("a", false));
    EXPECT_EQ(book.admit("a", two, kBegin).verdict, Verdict::admitted);
    EXPECT_FALSE(book.release("a", false));
    EXPECT_TRUE(book.release("a", false));
}

TEST(RateBook, ARefusalCostsNothing) {
    RateBook book(10);
    admitted(book, "a", kTen, kBegin, 1'000);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + milliseconds(500), 1'000), 5u);
    const RateRule busy{10, 20, 1};
    EXPECT_EQ(book.admit("b", busy, kBegin).remaining, 19u);
    EXPECT_EQ(book.admit("b", busy, kBegin).verdict, Verdict::too_many_at_once);
    book.release("b", false);
    EXPECT_EQ(book.admit("b", busy, kBegin).remaining, 18u);
}

TEST(RateBook, AStricterRuleHoldsAtOnce) {
    RateBook book(10);
    EXPECT_EQ(admitted(book, "a", {100, 100, 0}, kBegin, 60), 60u);
    EXPECT_EQ(admitted(book, "a", {1, 2, 0}, kBegin, 60), 0u);
    EXPECT_EQ(admitted(book, "a", {1, 2, 0}, kBegin + std::chrono::seconds(3), 60), 1u)
        << "a debt is never more than two bursts";
}

TEST(RateBook, ChargesWhatWentThroughElsewhereAlsoBeforeTheRuleIsKnown) {
    RateBook book(10);
    book.charge("a", 15, kBegin);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin, 100), 5u);
    book.charge("a", 10'000, kBegin);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + milliseconds(2'000), 100), 0u);
    EXPECT_EQ(admitted(book, "a", kTen, kBegin + milliseconds(2'100), 100), 1u);
}

TEST(RateBook, TellsItsUsageOnceAndKeepsTrifles) {
    RateBook book(10);
    admitted(book, "a", kTen, kBegin, 100);
    std::vector<RateUsage> usage;
    book.take_usage(usage, milliseconds(500));
    ASSERT_EQ(usage.size(), 1u);
    EXPECT_EQ(usage[0].subject, "a");
    EXPECT_EQ(usage[0].count, 20u);
    usage.clear();
    book.take_usage(usage, milliseconds(500));
    EXPECT_TRUE(usage.empty());
    const RateRule thousand{1'000, 2'000, 0};
    admitted(book, "b", thousand, kBegin, 49);
    book.take_usage(usage, milliseconds(500));
    EXPECT_TRUE(usage.empty());
    admitted(book, "b", thousand, kBegin, 1);
    book.take_usage(usage, milliseconds(500));
    ASSERT_EQ(usage.size(), 1u);
    EXPECT_EQ(usage[0].count, 50u);
}

TEST(RateBook, IsBoundedWhoeverComes) {
    RateBook book(100);
    std::uint32_t through = 0;
    for (int i = 0; i < 10'000; ++i) {
        through += admitted(book, "address " + std::to_string(i), kTen, kBegin, 1);
    }
    EXPECT_EQ(book.size(), 100u);
    EXPECT_EQ(through, 100u + 20u) << "those who found no place share one bucket";
    EXPECT_EQ(admitted(book, "address 5", kTen, kBegin, 100), 19u) << "who was there keeps its own";
    EXPECT_EQ(admitted(book, "later", kTen, kBegin + std::chrono::seconds(10), 100), 20u);
    EXPECT_LE(book.size(), 100u);
}

TEST(RateBook, ForgetsNobodyWhoStillRuns) {
    RateBook book(1);
    EXPECT_EQ(book.admit("a", {0, 0, 1}, kBegin).verdict, Verdict::admitted);
    EXPECT_TRUE(book.admit("b", {0, 0, 9}, kBegin + std::chrono::hours(1)).shared);
    EXPECT_EQ(book.admit("a", {0, 0, 1}, kBegin + std::chrono::hours(2)).verdict,
              Verdict::too_many_at_once);
}

}  // namespace
}  // namespace pgmind::security
