#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/kernels.hpp"
#include "graph/types.hpp"

// Codes of a graph's edges: one bit a dimension and two factors, kept beside the neighbour's id.
// When a search has read the parent's page and knows its exact distance to the query, the codes
// there estimate the distances of all neighbours without another page.
//
// With r = child - parent and s its signs, <query - parent, r> is estimated by
// <query - parent, s> * |r|^2 / sum |r_i|: exact for a query on the line through both, unbiased
// over random rotations otherwise, with a standard error of about 0.75 |r| |query - parent| /
// sqrt(code dimensions), up to 1.25 where the code covers a part of the dimensions. (Gao & Long,
// RaBitQ, SIGMOD 2024; Gou et al., SymphonyQG, SIGMOD 2025.)
//
// All vectors here are rotated (rotation.hpp); `dims` is always rotated_dims(...).
namespace pgmind::graph {

// The dimensions a code covers: `dims` rounded up to a multiple of 64 and at most 1,024, or less so
// that `degree` neighbours (id, factors, code) fit in `bytes`; 0 if not even 64 fit.
std::size_t code_dims(std::size_t dims, std::size_t degree, std::size_t bytes);

constexpr std::size_t code_bytes(std::size_t code_dims) {
    return code_dims / 8;
}

// distance(query, child) ~ distance(query, parent) + f1 + f2 * <query - parent, s>. For l2 and
// cosine f1 is the exact distance between parent and child.
struct EdgeFactors {
    float f1;
    float f2;
};

// Writes code_bytes(code_dims) bytes. Dimensions of the code beyond `dims` are unset bits.
EdgeFactors encode_edge(Metric metric, const float* parent, const float* child, std::size_t dims,
                        std::size_t code_dims, std::uint8_t* code);

// A query relative to one expanded node: rounded to eight bits, as finely as their difference
// allows. The caller's memory; filled anew for each expanded node.
struct alignas(64) QueryCode {
    std::int8_t values[code_dims_max];
    std::size_t words;   // of 64 dimensions
    std::int32_t total;  // the sum of values
    float scale;         // (query - parent)[i] ~ values[i] * scale
};

void prepare_query(const float* query, const float* parent, std::size_t dims, std::size_t code_dims,
                   QueryCode* out);

// The neighbours of one node as they lie in its block: arrays of `count`, codes one after another.
struct EdgeList {
    const float* f1;
    const float* f2;
    const std::uint8_t* codes;
    std::size_t count;
};

// out[i] = the estimated distance of neighbour i; `parent_distance` is exact. For l2 and cosine
// never negative.
void estimate(Metric metric, const QueryCode& query, float parent_distance, const EdgeList& edges,
              float* out);

}  // namespace pgmind::graph
