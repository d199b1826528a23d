#pragma once

#include <cstddef>

#include "graph/codes.hpp"
#include "graph/types.hpp"

// Which edges a node keeps.
namespace pgmind::graph {

// The exact distance between two of the candidates, by their positions in the array.
struct PairDistance {
    float (*distance)(void* context, std::size_t a, std::size_t b);
    void* context;
};

// The heuristic of HNSW (Malkov & Yashunin, algorithm 4): a candidate is kept unless a nearer kept
// one is nearer to it than the node is; places left over are filled with the nearest of the rest.
// `candidates` ascend by distance to the node and lack the node itself. Writes the positions of at
// most `keep` candidates, the kept ones first, each group ascending, and returns how many;
// `places` has room for `keep`. Calls `pairs` at most count * keep times.
std::size_t select_neighbours(const Candidate* candidates, std::size_t count, std::size_t keep,
                              const PairDistance& pairs, std::uint32_t* places);

// A new edge of a node, as encode_edge gave it for the node as the parent.
struct NewEdge {
    EdgeFactors factors;
    const std::uint8_t* code;
};

// The most edges a list may have for slot_to_replace.
inline constexpr std::size_t edges_max = 256;

inline constexpr int no_slot = -1;

// The edge that a full list gives up for `added`, or no_slot if the new one is the one not worth
// keeping: the same heuristic, with the distances among the neighbours estimated from the angles
// between their codes, so that no other page is read. The farthest edge goes whose target can be
// reached by a nearer neighbour; with none such the farthest of all. A pinned edge never goes.
// `must_add`, for a new edge that is to be pinned, answers no_slot only where half of the list is
// pinned: another neighbour has to lead to the new node then.
int slot_to_replace(Metric metric, const EdgeList& edges, const NewEdge& added, std::size_t dims,
                    std::size_t code_bits, bool must_add);

}  // namespace pgmind::graph
