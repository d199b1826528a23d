#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "graph/candidate_heap.hpp"
#include "graph/node_set.hpp"
#include "graph/support.hpp"

namespace pgmind::graph::test {
namespace {

bool operator_equal(const Candidate& a, const Candidate& b) {
    return a.distance == b.distance && a.node == b.node;
}

std::vector<Candidate> some_candidates(Random& random, std::size_t count) {
    std::vector<Candidate> result;
    for (std::size_t i = 0; i < count; ++i) {
        // Few distances, so that ties are common.
        result.push_back({static_cast<float>(random.below(20)), static_cast<NodeId>(i)});
    }
    return result;
}

TEST(Frontier, GivesTheNearestFirstAndGrows) {
    Random random;
    std::vector<Candidate> all = some_candidates(random, 300);
    std::vector<Candidate> memory(4);
    Frontier frontier(memory.data(), memory.size());
    std::vector<Candidate> larger;
    for (const Candidate& candidate : all) {
        if (frontier.is_full()) {
            larger.resize(frontier.capacity() * 2);
            frontier.move_to(larger.data(), larger.size());
            memory.swap(larger);
        }
        frontier.push(candidate);
    }
    std::sort(all.begin(), all.end(), is_nearer);
    for (const Candidate& expected : all) {
        ASSERT_TRUE(operator_equal(frontier.pop(), expected));
    }
    EXPECT_TRUE(frontier.is_empty());
}

TEST(Nearest, KeepsTheNearest) {
    Random random;
    std::vector<Candidate> all = some_candidates(random, 200);
    std::vector<Candidate> memory(10);
    Nearest nearest(memory.data(), memory.size());
    for (const Candidate& candidate : all) {
        const bool is_better = nearest.size() < 10 || is_nearer(candidate, nearest.top());
        EXPECT_EQ(nearest.offer(candidate, 10), is_better);
    }
    std::sort(all.begin(), all.end(), is_nearer);
    nearest.sort();
    ASSERT_EQ(nearest.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_TRUE(operator_equal(nearest.items()[i], all[i]));
    }
}

TEST(NodeSet, IsASetThatGrows) {
    Random random;
    std::vector<NodeId> memory(8);
    NodeSet set(memory.data(), memory.size());
    std::set<NodeId> expected;
    for (int i = 0; i < 20000; ++i) {
        // Ids as the index has them: blocks of sixteen of which few are used.
        const auto node = static_cast<NodeId>(random.below(8000) << 4);
        if (set.must_grow()) {
            std::vector<NodeId> larger(set.slots() * 2);
            set.move_to(larger.data(), larger.size());
            memory.swap(larger);
        }
        EXPECT_EQ(set.insert(node), expected.insert(node).second);
    }
    EXPECT_EQ(set.size(), expected.size());
    for (NodeId node = 0; node < 16 * 8000; ++node) {
        ASSERT_EQ(set.contains(node), expected.contains(node));
    }
    set.clear();
    EXPECT_EQ(set.size(), 0U);
    EXPECT_FALSE(set.contains(16));
}

}  // namespace
}  // namespace pgmind::graph::test
