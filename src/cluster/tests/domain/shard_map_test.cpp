#include "cluster/api/shard_map.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"

namespace pgmind::cluster {
namespace {

TEST(ShardMap, SlotsOfKnownNamesNeverChange) {
    EXPECT_EQ(slot_of(""), 2203U);
    EXPECT_EQ(slot_of("a"), 248U);
    EXPECT_EQ(slot_of("agent-memory"), 485U);
    EXPECT_EQ(slot_of("\xc3\xbc\xe2\x82\xac"), 3007U);
    EXPECT_EQ(slot_of("team/project/notes"), 1050U);
}

TEST(ShardMap, SlotsSpreadNamesThatLookAlike) {
    std::array<int, kSlotCount> names{};
    for (int i = 0; i < 100 * static_cast<int>(kSlotCount); ++i) {
        ++names[slot_of("tenant-" + std::to_string(i))];
    }
    // A fair coin would stay within 100 +- 60 in all but one of a million runs of this test.
    EXPECT_GT(*std::min_element(names.begin(), names.end()), 40);
    EXPECT_LT(*std::max_element(names.begin(), names.end()), 160);
}

TEST(ShardMap, AnEvenMapDiffersByOneSlotAtMost) {
    for (const std::size_t count : {1U, 2U, 3U, 7U, 64U}) {
        std::vector<ShardId> shards;
        for (std::size_t i = 0; i < count; ++i) {
            shards.emplace_back("shard-" + std::to_string(i + 1));
        }
        const ShardMap map = even_shard_map(shards);
        std::size_t total = 0;
        for (const ShardId& shard : shards) {
            const std::size_t slots = map.slots_of(shard);
            EXPECT_NEAR(static_cast<double>(slots),
                        static_cast<double>(kSlotCount) / static_cast<double>(count), 1.0);
            total += slots;
        }
        EXPECT_EQ(total, kSlotCount);
        EXPECT_EQ(map.version(), 1);
    }
}

}  // namespace
}  // namespace pgmind::cluster
