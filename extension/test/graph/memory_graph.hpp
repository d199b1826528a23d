#pragma once

#include <cstdint>
#include <vector>

#include "graph/candidate_heap.hpp"
#include "graph/codes.hpp"
#include "graph/neighbours.hpp"
#include "graph/support.hpp"

namespace pgmind::graph::test {

// The vector index in memory: the algorithms put together as src/ruhnsw does on pages, for tests of
// what a single function cannot show (recall, reachability) and for the benchmark. One thread.
class MemoryGraph {
  public:
    struct Options {
        Metric metric = Metric::l2;
        std::size_t dims = 0;
        std::size_t m = 16;
        std::size_t ef_construction = 100;
        bool has_upper_levels = true;
        // Prune full lists by exact distances, as a measure for the prune by codes.
        bool prunes_exactly = false;
        // 0: what code_bits says.
        std::size_t code_bits = 0;
    };

    explicit MemoryGraph(const Options& options);

    // `vector` is as the user gave it; cosine needs it normalised.
    NodeId insert(const Vector& vector);

    // Ascending; at most `count`. A page read is an expansion.
    std::vector<Candidate> search(const Vector& query, std::size_t ef, std::size_t count);
    std::vector<Candidate> search_exactly(const Vector& query, std::size_t count) const;

    // As VACUUM: marks the nodes dead, replaces the edges that lead to them, drops them.
    void remove(const std::vector<NodeId>& nodes);

    std::size_t live_count() const;
    // The live nodes to which edges of level 0 lead from the first node.
    std::size_t reachable_count() const;
    std::size_t edge_count() const;
    std::size_t code_bits() const { return bits_; }

    // Counted since the last reset.
    std::size_t expansions = 0;
    std::size_t estimates = 0;

  private:
    enum class State : std::uint8_t { live, dead, gone };

    struct Block {
        std::vector<NodeId> ids;
        std::vector<float> f1;
        std::vector<float> f2;
        std::vector<std::uint8_t> codes;
    };
    // Level 0 holds every node, by id; the others those drawn for them, by a map.
    struct Level {
        std::size_t capacity = 0;
        std::vector<Block> blocks;
        std::vector<std::uint32_t> place_of;  // by node
    };

    const float* vector_of(NodeId node) const { return &vectors_[node * rotated_]; }
    Block& block_of(std::size_t level, NodeId node);
    const Block& block_of(std::size_t level, NodeId node) const;
    EdgeList edges_of(const Block& block) const;
    float distance(const float* a, const float* b) const;
    float distance(NodeId a, NodeId b) const { return distance(vector_of(a), vector_of(b)); }

    std::vector<Candidate> search_level(const float* query, std::size_t level, NodeId entry,
                                        std::size_t ef);
    NodeId descend(const float* query, std::size_t to_level);
    void connect(NodeId node, std::size_t level, const std::vector<Candidate>& found);
    // Whether there was room; false changes nothing.
    bool add_edge(std::size_t level, NodeId parent, NodeId child, bool is_to_pin);
    int exact_slot(const Block& block, NodeId parent, NodeId child) const;
    void repair(std::size_t level, NodeId node);
    void collect_orphans(NodeId dead, std::vector<NodeId>& orphans) const;
    void adopt(NodeId parent, const std::vector<NodeId>& orphans);
    std::vector<Candidate> replacements(std::size_t level, NodeId node, const Block& old);
    void choose_entry();

    Options options_;
    std::size_t rotated_;
    std::size_t bits_;
    Random random_;
    std::vector<float> vectors_;
    std::vector<State> states_;
    std::vector<Level> levels_;
    std::vector<std::uint32_t> seen_;
    std::uint32_t search_number_ = 0;
    NodeId entry_ = no_node;
    NodeId first_ = no_node;
};

// The share of `expected` that `found` has, by distance, so that ties do not matter.
double recall(const std::vector<Candidate>& found, const std::vector<Candidate>& expected);

}  // namespace pgmind::graph::test
