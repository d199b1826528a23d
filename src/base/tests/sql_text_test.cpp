#include "base/sql_text.hpp"

#include <gtest/gtest.h>

namespace pgmind {
namespace {

constexpr std::string_view kColumns = "e.key, e.value";

TEST(SqlText, IsItsPartsInOrder) {
    const SqlText name = SqlText::parameter(12);
    SqlText sql{"SELECT ", kColumns, " FROM t e WHERE e.name = ", name, "::text"};
    EXPECT_EQ(sql.text(), "SELECT e.key, e.value FROM t e WHERE e.name = $12::text");
    sql.add({" ORDER BY ", SqlText{"e.key", " DESC"}, SqlText()});
    EXPECT_EQ(sql.text(),
              "SELECT e.key, e.value FROM t e WHERE e.name = $12::text ORDER BY e.key DESC");
}

TEST(SqlText, MayHoldItself) {
    SqlText sql{"a"};
    sql.add({sql, " AND ", sql});
    EXPECT_EQ(sql.text(), "aa AND a");
}

TEST(SqlText, IsEmptyWithoutParts) {
    EXPECT_TRUE(SqlText().empty());
    EXPECT_TRUE(SqlText{""}.empty());
    EXPECT_FALSE(SqlText{"TRUE"}.empty());
}

}  // namespace
}  // namespace pgmind
