// What only a whole graph shows: recall on awkward data, after deletions and churn, and that every
// node can be reached.

#include <algorithm>

#include <gtest/gtest.h>

#include "graph/memory_graph.hpp"

namespace pgmind::graph::test {
namespace {

constexpr std::size_t nearest_count = 10;

MemoryGraph graph_of(const std::vector<Vector>& vectors, Metric metric = Metric::l2) {
    MemoryGraph graph({.metric = metric, .dims = vectors[0].size(), .m = 8, .ef_construction = 64});
    for (const Vector& vector : vectors) {
        graph.insert(vector);
    }
    return graph;
}

double mean_recall(MemoryGraph& graph, const std::vector<Vector>& queries, std::size_t ef) {
    double sum = 0;
    for (const Vector& query : queries) {
        sum += recall(graph.search(query, ef, nearest_count),
                      graph.search_exactly(query, nearest_count));
    }
    return sum / static_cast<double>(queries.size());
}

// `clusters` of 0: none.
std::vector<Vector> vectors(Random& random, std::size_t count, std::size_t dims,
                            std::size_t clusters = 0, float spread = 0.1F) {
    std::vector<Vector> centres;
    for (std::size_t i = 0; i < clusters; ++i) {
        centres.push_back(random.normals(dims, 10));
    }
    std::vector<Vector> result;
    for (std::size_t i = 0; i < count; ++i) {
        Vector vector = random.normals(dims, clusters == 0 ? 1 : spread);
        for (std::size_t at = 0; clusters != 0 && at < dims; ++at) {
            vector[at] += centres[i % clusters][at];
        }
        result.push_back(vector);
    }
    return result;
}

// Vectors whose last fiftieth are the queries.
struct Split {
    explicit Split(std::vector<Vector> all) : stored(std::move(all)) {
        const std::size_t count = stored.size() / 50;
        queries.assign(stored.end() - static_cast<std::ptrdiff_t>(count), stored.end());
        stored.resize(stored.size() - count);
    }
    std::vector<Vector> stored;
    std::vector<Vector> queries;
};

struct Shape {
    std::size_t dims;
    std::size_t count;
    std::size_t clusters;
    double least_recall;
};

TEST(Simulation, FindsInEveryShapeOfData) {
    for (const Shape& shape :
         {Shape{1, 1500, 0, 0.99}, Shape{2, 1500, 0, 0.99}, Shape{3, 1500, 0, 0.99},
          Shape{16, 1500, 0, 0.97}, Shape{64, 1500, 0, 0.9}, Shape{32, 1500, 30, 0.9},
          Shape{32, 1500, 300, 0.95}, Shape{4000, 200, 0, 0.9}, Shape{16000, 100, 0, 0.9}}) {
        Random random(shape.dims + shape.clusters);
        const Split data(vectors(random, shape.count, shape.dims, shape.clusters));
        MemoryGraph graph = graph_of(data.stored);
        EXPECT_GE(mean_recall(graph, data.queries, 60), shape.least_recall)
            << shape.dims << " dimensions, " << shape.clusters << " clusters";
        EXPECT_EQ(graph.reachable_count(), graph.live_count()) << shape.dims;
    }
}

TEST(Simulation, FindsByTheInnerProduct) {
    Random random;
    const Split data(vectors(random, 1500, 32));
    MemoryGraph graph = graph_of(data.stored, Metric::inner_product);
    EXPECT_GE(mean_recall(graph, data.queries, 80), 0.95);
    EXPECT_EQ(graph.reachable_count(), graph.live_count());
}

TEST(Simulation, ReachesEveryOneOfEqualVectors) {
    MemoryGraph graph = graph_of(std::vector<Vector>(500, Vector(20, 0.5F)));
    EXPECT_EQ(graph.reachable_count(), 500U);
    EXPECT_EQ(graph.search(Vector(20, 0.5F), 500, 500).size(), 500U);
}

TEST(Simulation, FindsAmongManyDuplicates) {
    Random random;
    std::vector<Vector> all = vectors(random, 1000, 16);
    for (std::size_t i = 0; i < 500; ++i) {
        all[i] = all[i % 25];
    }
    const Split data(all);
    MemoryGraph graph = graph_of(data.stored);
    EXPECT_GE(mean_recall(graph, data.queries, 60), 0.95);
    EXPECT_EQ(graph.reachable_count(), graph.live_count());
}

TEST(Simulation, RepairsWhatDeletionsTear) {
    Random random;
    const Split data(vectors(random, 2000, 24, 20, 3));
    struct Loss {
        std::size_t percent;
        double recall;
    };
    for (const auto& [percent, loss] : {Loss{10, 0.03}, Loss{30, 0.03}, Loss{50, 0.1}}) {
        MemoryGraph graph = graph_of(data.stored);
        std::vector<NodeId> removed;
        std::vector<Vector> left;
        for (NodeId node = 0; node < data.stored.size(); ++node) {
            // The first node is among them.
            if (node == 0 || random.below(100) < percent) {
                removed.push_back(node);
            } else {
                left.push_back(data.stored[node]);
            }
        }
        graph.remove(removed);
        MemoryGraph fresh = graph_of(left);
        EXPECT_EQ(graph.live_count(), left.size());
        EXPECT_EQ(graph.reachable_count(), left.size()) << percent;
        EXPECT_GE(mean_recall(graph, data.queries, 40), mean_recall(fresh, data.queries, 40) - loss)
            << percent;
    }
}

TEST(Simulation, LastsThroughChurn) {
    Random random;
    MemoryGraph graph({.dims = 12, .m = 8, .ef_construction = 64});
    std::vector<NodeId> live;
    for (int round = 0; round < 20; ++round) {
        for (const Vector& vector : vectors(random, 150, 12)) {
            live.push_back(graph.insert(vector));
        }
        std::vector<NodeId> removed;
        for (std::size_t i = 0; i < (round % 5 == 4 ? live.size() : 100); ++i) {
            std::swap(live[random.below(live.size())], live.back());
            removed.push_back(live.back());
            live.pop_back();
            if (live.empty()) {
                break;
            }
        }
        graph.remove(removed);
        ASSERT_EQ(graph.live_count(), live.size());
        ASSERT_EQ(graph.reachable_count(), live.size()) << round;
    }
    EXPECT_GE(mean_recall(graph, vectors(random, 40, 12), 60), 0.95);
}

TEST(Simulation, EmptiesAndFillsAgain) {
    Random random;
    MemoryGraph graph({.dims = 4, .m = 4, .ef_construction = 16});
    for (int round = 0; round < 3; ++round) {
        std::vector<NodeId> all;
        for (const Vector& vector : vectors(random, 50, 4)) {
            all.push_back(graph.insert(vector));
        }
        EXPECT_EQ(graph.search(Vector(4), 10, 5).size(), 5U);
        graph.remove(all);
        EXPECT_EQ(graph.live_count(), 0U);
        EXPECT_TRUE(graph.search(Vector(4), 10, 5).empty());
    }
}

}  // namespace
}  // namespace pgmind::graph::test
