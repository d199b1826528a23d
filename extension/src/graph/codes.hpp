#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/kernels.hpp"
#include "graph/types.hpp"

// Codes of a graph's edges: one or two bits a dimension and two factors, kept beside the
// neighbour's id. When a search has read the parent's page and knows its exact distance to the
// query, the codes there estimate the distances of all neighbours without another page.
//
// With r = child - parent and s its signs (with two bits: the nearest of -3, -1, 1, 3 times half a
// step), <query - parent, r> is estimated by <query - parent, s> * |r|^2 / <r, s>: exact for a
// query on the line through both, unbiased over random rotations otherwise. Its standard error,
// relative to |r| |query - parent| / sqrt(dimensions), is 0.75 with one bit and 0.37 with two; at
// most 1.25 where the code covers only a part of the dimensions. (Gao & Long, RaBitQ, SIGMOD 2024;
// Gou et al., SymphonyQG, SIGMOD 2025.)
//
// All vectors here are rotated (rotation.hpp); `dims` is always rotated_dims(...). `code_bits` says
// all of a code's form: two planes of bits if it has room for two bits a dimension, else one.
namespace pgmind::graph {

// The bits of a code: two planes up to 320 dimensions, where one would err too much, else one plane
// and at most 1,024; or less so that `degree` neighbours (id, factors, code) fit in `bytes`. A
// multiple of 64; 0 if not even 64 fit.
std::size_t code_bits(std::size_t dims, std::size_t degree, std::size_t bytes);

constexpr std::size_t code_bytes(std::size_t code_bits) {
    return code_bits / 8;
}

// What follows from the dimensions and the bits of a code.
struct CodeForm {
    std::size_t planes;
    std::size_t plane_words;
    std::size_t dims;  // that the code covers
};

CodeForm code_form(std::size_t dims, std::size_t code_bits);

// distance(query, child) ~ distance(query, parent) + f1 - |f2| * <query - parent, s>. For l2 and
// cosine f1 is the exact distance between parent and child.
//
// The sign of f2 says whether the edge is pinned: a pinned edge is never given up for another one
// (neighbours.hpp). Chains of pinned edges lead from the first node to every other, whatever the
// heuristics drop.
struct EdgeFactors {
    float f1;
    float f2;
};

EdgeFactors pinned(EdgeFactors factors);
bool is_pinned(float f2);

// Writes code_bytes(code_bits) bytes. Dimensions of the code beyond `dims` are unset bits.
EdgeFactors encode_edge(Metric metric, const float* parent, const float* child, std::size_t dims,
                        std::size_t code_bits, std::uint8_t* code);

// A query relative to one expanded node: rounded to eight bits, as finely as their difference
// allows. The caller's memory; filled anew for each expanded node.
struct alignas(64) QueryCode {
    std::int8_t values[code_bits_max];
    std::size_t words;   // 64 values each
    std::int32_t total;  // what the codes' bits, all times two, exceed the signs by
    float scale;         // of the values
};

void prepare_query(const float* query, const float* parent, std::size_t dims, std::size_t code_bits,
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
