#pragma once

#include <cstddef>
#include <cstdint>

// The algorithms of the vector index without PostgreSQL: they allocate nothing, throw nothing and
// keep no state, so a caller may leave them by longjmp. The caller gives all memory.
//
// A distance is what the index orders by: the squared Euclidean distance for `l2` and `cosine`
// (whose vectors are normalised first), the negative inner product for `inner_product`.
namespace pgmind::graph {

enum class Metric : std::uint8_t { l2, cosine, inner_product };

// Any id that is not `no_node` names a node.
using NodeId = std::uint32_t;
inline constexpr NodeId no_node = 0xFFFFFFFFU;

struct Candidate {
    float distance;
    NodeId node;
};

// Ties are broken by id, so that every processor visits the same nodes in the same order.
inline bool is_nearer(const Candidate& a, const Candidate& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.node < b.node);
}

}  // namespace pgmind::graph
