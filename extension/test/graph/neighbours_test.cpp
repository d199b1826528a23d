#include "graph/neighbours.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "graph/support.hpp"

namespace pgmind::graph::test {
namespace {

using Places = std::vector<std::uint32_t>;

// Points around a node at the origin.
class Around {
  public:
    explicit Around(std::vector<Vector> points) : points_(std::move(points)) {
        const Vector origin(points_[0].size());
        std::sort(points_.begin(), points_.end(), [&](const Vector& a, const Vector& b) {
            return squared_distance(origin, a) < squared_distance(origin, b);
        });
        for (std::size_t i = 0; i < points_.size(); ++i) {
            candidates_.push_back(
                {static_cast<float>(squared_distance(origin, points_[i])), static_cast<NodeId>(i)});
        }
    }

    Places select(std::size_t keep) {
        Places places(keep);
        const PairDistance pairs = {
            [](void* context, std::size_t a, std::size_t b) {
                const Around& self = *static_cast<Around*>(context);
                return static_cast<float>(squared_distance(self.points_[a], self.points_[b]));
            },
            this};
        places.resize(
            select_neighbours(candidates_.data(), candidates_.size(), keep, pairs, places.data()));
        return places;
    }

    const std::vector<Vector>& points() const { return points_; }

  private:
    std::vector<Vector> points_;
    std::vector<Candidate> candidates_;
};

TEST(SelectNeighbours, PrefersDirectionsToNearness) {
    // By distance: 0 and 1 to the right, 2 upwards, 3 to the left, 4 to the right.
    Around around({{1, 0}, {1.1F, 0.1F}, {0, 1.5F}, {-2, 0}, {3, 0}});
    EXPECT_EQ(around.select(2), (Places{0, 2}));
    EXPECT_EQ(around.select(3), (Places{0, 2, 3}));
    // Places left over go to the nearest of the rest.
    EXPECT_EQ(around.select(4), (Places{0, 2, 3, 1}));
    EXPECT_EQ(around.select(9), (Places{0, 2, 3, 1, 4}));
}

TEST(SelectNeighbours, TakesFewAndNone) {
    Around around({{1, 0}});
    EXPECT_EQ(around.select(5), (Places{0}));
    EXPECT_EQ(around.select(0), Places{});
}

TEST(SelectNeighbours, GivesEveryPlaceOnce) {
    Random random;
    for (int round = 0; round < 50; ++round) {
        std::vector<Vector> points;
        for (std::size_t i = 0; i < 1 + random.below(100); ++i) {
            points.push_back(random.normals(1 + static_cast<std::size_t>(round) % 7));
        }
        for (Vector& point : points) {
            point.resize(points[0].size());
        }
        Around around(points);
        const std::size_t keep = 1 + random.below(40);
        Places places = around.select(keep);
        EXPECT_EQ(places.size(), std::min(keep, points.size()));
        std::sort(places.begin(), places.end());
        EXPECT_EQ(std::adjacent_find(places.begin(), places.end()), places.end());
    }
}

// The edges of a node, as in its block.
class Block {
  public:
    Block(Metric metric, Vector node) : metric_(metric), node_(std::move(node)) {}

    void add(const Vector& child, bool is_to_pin = false) {
        Edge edge = encode(child);
        if (is_to_pin) {
            edge.factors = pinned(edge.factors);
        }
        f1_.push_back(edge.factors.f1);
        f2_.push_back(edge.factors.f2);
        codes_.insert(codes_.end(), edge.code.begin(), edge.code.end());
    }

    int slot_for(const Vector& child, bool must_add = false) const {
        const Edge edge = encode(child);
        return slot_to_replace(metric_, {f1_.data(), f2_.data(), codes_.data(), f1_.size()},
                               {edge.factors, edge.code.data()}, node_.size(), coded(), must_add);
    }

  private:
    struct Edge {
        EdgeFactors factors;
        std::vector<std::uint8_t> code;
    };

    std::size_t coded() const { return code_bits(node_.size(), 32, 8192); }
    Edge encode(const Vector& child) const {
        Edge edge = {{}, std::vector<std::uint8_t>(code_bytes(coded()))};
        edge.factors = encode_edge(metric_, node_.data(), child.data(), node_.size(), coded(),
                                   edge.code.data());
        return edge;
    }

    Metric metric_;
    Vector node_;
    std::vector<float> f1_;
    std::vector<float> f2_;
    std::vector<std::uint8_t> codes_;
};

Vector along(std::size_t axis, float length, std::size_t dims = 200) {
    Vector result(dims);
    result[axis] = length;
    return result;
}

TEST(SlotToReplace, GivesUpTheOneANearerLeadsTo) {
    Block block(Metric::l2, rotated(Vector(200)));
    block.add(rotated(along(0, 1)));
    block.add(rotated(along(1, 3)));
    block.add(rotated(along(0, 2)));
    block.add(rotated(along(2, 3)));
    EXPECT_EQ(block.slot_for(rotated(along(3, 5))), 2);
}

TEST(SlotToReplace, RefusesWhatANearerLeadsTo) {
    Block block(Metric::l2, rotated(Vector(200)));
    block.add(rotated(along(0, 1)));
    block.add(rotated(along(1, 3)));
    EXPECT_EQ(block.slot_for(rotated(along(0, 2))), no_slot);
    EXPECT_EQ(block.slot_for(rotated(along(0, 2)), true), 1);
}

TEST(SlotToReplace, GivesUpTheFarthestOfDirectionsAllDifferent) {
    Block block(Metric::l2, rotated(Vector(200)));
    for (std::size_t axis = 0; axis < 8; ++axis) {
        block.add(rotated(along(axis, axis == 5 ? 1.3F : 1)));
    }
    EXPECT_EQ(block.slot_for(rotated(along(9, 1.1F))), 5);
    EXPECT_EQ(block.slot_for(rotated(along(9, 1.4F))), no_slot);
    EXPECT_EQ(block.slot_for(rotated(along(9, 1.4F)), true), 5);
}

TEST(SlotToReplace, NeverGivesUpAPinnedEdge) {
    Block block(Metric::l2, rotated(Vector(200)));
    block.add(rotated(along(0, 1)));
    block.add(rotated(along(0, 3)), true);
    block.add(rotated(along(0, 2)));
    block.add(rotated(along(2, 1)));
    EXPECT_EQ(block.slot_for(rotated(along(3, 1))), 2);
    EXPECT_EQ(block.slot_for(rotated(along(3, 9)), true), 2);
    Block all_pinned(Metric::l2, rotated(Vector(200)));
    all_pinned.add(rotated(along(0, 1)), true);
    all_pinned.add(rotated(along(0, 2)), true);
    EXPECT_EQ(all_pinned.slot_for(rotated(along(3, 0.5F))), no_slot);
}

TEST(SlotToReplace, LetsNotMoreThanHalfBePinned) {
    Block block(Metric::l2, rotated(Vector(200)));
    block.add(rotated(along(0, 1)), true);
    block.add(rotated(along(1, 1)));
    block.add(rotated(along(2, 1)), true);
    block.add(rotated(along(3, 2)));
    EXPECT_EQ(block.slot_for(rotated(along(4, 1)), true), no_slot);
    EXPECT_EQ(block.slot_for(rotated(along(4, 1)), false), 3);
}

TEST(SlotToReplace, WorksForDuplicates) {
    const Vector node = rotated(along(0, 1));
    Block block(Metric::l2, node);
    block.add(node);
    block.add(node);
    EXPECT_EQ(block.slot_for(node), no_slot);
    EXPECT_NE(block.slot_for(node, true), no_slot);
}

TEST(SlotToReplace, WorksForTheInnerProduct) {
    // From the node at 1, edges to 3 and 2 on the same axis: 3 is the best for both.
    Block block(Metric::inner_product, rotated(along(0, 1)));
    block.add(rotated(along(0, 2)));
    block.add(rotated(along(0, 3)));
    EXPECT_EQ(block.slot_for(rotated(along(0, 4))), 0);
}

// How often the estimate from codes decides as the exact distances do.
TEST(SlotToReplace, AgreesMostlyWithExactDistances) {
    Random random;
    int agreed = 0;
    constexpr int rounds = 200;
    for (int round = 0; round < rounds; ++round) {
        const Vector node = rotated(Vector(200));
        Block block(Metric::l2, node);
        std::vector<Vector> points;
        for (std::size_t i = 0; i < 16; ++i) {
            Vector point = random.normals(200, 0.05F);
            point[random.below(6)] += 1 + static_cast<float>(random.uniform());
            points.push_back(point);
            block.add(rotated(point));
        }
        Vector added = random.normals(200, 0.05F);
        added[random.below(6)] += 1.5F;
        points.push_back(added);
        const int slot = block.slot_for(rotated(added));
        Around around(points);
        const Places kept = around.select(points.size());
        // The exact heuristic lists the diverse first; the last place goes.
        const Vector& exact_victim = around.points()[kept.back()];
        const Vector& victim = slot == no_slot ? added : points[static_cast<std::size_t>(slot)];
        agreed += exact_victim == victim ? 1 : 0;
    }
    EXPECT_GT(agreed, rounds * 9 / 10);
}

}  // namespace
}  // namespace pgmind::graph::test
