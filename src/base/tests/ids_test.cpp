#include "base/ids.hpp"

#include <set>

#include <gtest/gtest.h>

namespace pgmind {
namespace {

TEST(Uuid, IsVersionSevenAndUnique) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = new_uuid();
        EXPECT_TRUE(is_uuid(id)) << id;
        EXPECT_EQ(id[14], '7');
        EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
        EXPECT_TRUE(seen.insert(id).second);
    }
}

TEST(Uuid, RejectsOtherText) {
    EXPECT_FALSE(is_uuid(""));
    EXPECT_FALSE(is_uuid("0191f6e2-0000-7000-8000-00000000000g"));
    EXPECT_FALSE(is_uuid("0191f6e2000070008000000000000000"));
}

}  // namespace
}  // namespace pgmind
