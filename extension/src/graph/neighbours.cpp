#include "graph/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pgmind::graph {
namespace {

constexpr double pi = 3.14159265358979323846;
// What a random unit vector's component averages to, times the root of the dimensions.
constexpr double mean_component = 0.79788456080286536;

bool is_covered(const Candidate* candidates, const PairDistance& pairs, std::size_t candidate,
                const std::uint32_t* kept, std::size_t kept_count) {
    for (std::size_t i = 0; i < kept_count; ++i) {
        if (pairs.distance(pairs.context, kept[i], candidate) < candidates[candidate].distance) {
            return true;
        }
    }
    return false;
}

// An edge as the local heuristic sees it.
struct LocalEdge {
    float distance;      // from the node, up to a constant of the node
    float norm;          // |r|
    std::uint32_t slot;  // its place in the list; `count` of the list for the new one
    const std::uint8_t* code;
};

LocalEdge local_edge(Metric metric, EdgeFactors factors, std::size_t dims, std::size_t code_dims,
                     std::uint32_t slot, const std::uint8_t* code) {
    if (metric != Metric::inner_product) {
        return {factors.f1, std::sqrt(std::max(factors.f1, 0.0F)), slot, code};
    }
    // f2 is -|r|^2 / sum |r_i|, and after the rotation sum |r_i| is nearly a constant times |r|.
    const auto coded = static_cast<double>(std::min(dims, code_dims));
    const double norm = -static_cast<double>(factors.f2) * mean_component * coded /
                        std::sqrt(static_cast<double>(dims));
    return {factors.f1, static_cast<float>(norm), slot, code};
}

// cosines[h] of the angle between two edges whose codes differ in h bits: the share of differing
// signs is the angle over pi. Bits beyond `dims` never differ.
class AngleTable {
  public:
    explicit AngleTable(std::size_t coded) : per_bit_(pi / static_cast<double>(coded)) {}
    float cosine(std::uint32_t differing) const {
        return static_cast<float>(std::cos(std::min(pi, per_bit_ * differing)));
    }

  private:
    double per_bit_;
};

// Whether `near` leads to `far` better than the node itself does.
bool is_led_to(Metric metric, const LocalEdge& near, const LocalEdge& far, float cosine) {
    const float product = near.norm * far.norm * cosine;
    // From d(near, far) < d(node, far), both written as sums over the edges' residuals.
    return metric == Metric::inner_product ? near.distance < product : near.distance < 2 * product;
}

}  // namespace

std::size_t select_neighbours(const Candidate* candidates, std::size_t count, std::size_t keep,
                              const PairDistance& pairs, std::uint32_t* places) {
    std::size_t kept = 0;
    std::size_t seen = 0;
    for (; seen < count && kept < keep; ++seen) {
        if (!is_covered(candidates, pairs, seen, places, kept)) {
            places[kept++] = static_cast<std::uint32_t>(seen);
        }
    }
    // The kept positions ascend, so one pass finds the positions between them.
    const std::size_t diverse = kept;
    std::size_t next_diverse = 0;
    for (std::size_t i = 0; i < count && kept < keep; ++i) {
        if (next_diverse < diverse && places[next_diverse] == i) {
            ++next_diverse;
        } else {
            places[kept++] = static_cast<std::uint32_t>(i);
        }
    }
    return kept;
}

int slot_to_replace(Metric metric, const EdgeList& edges, const NewEdge& added, std::size_t dims,
                    std::size_t code_dims, bool must_add) {
    const std::size_t count = std::min(edges.count, edges_max);
    const std::size_t row_bytes = code_bytes(code_dims);
    const std::size_t words = code_dims / code_dims_step;
    const auto new_slot = static_cast<std::uint32_t>(count);
    LocalEdge all[edges_max + 1];
    for (std::uint32_t i = 0; i < count; ++i) {
        all[i] = local_edge(metric, {edges.f1[i], edges.f2[i]}, dims, code_dims, i,
                            edges.codes + i * row_bytes);
    }
    all[count] = local_edge(metric, added.factors, dims, code_dims, new_slot, added.code);
    std::sort(all, all + count + 1, [](const LocalEdge& a, const LocalEdge& b) {
        return a.distance < b.distance || (a.distance == b.distance && a.slot < b.slot);
    });

    const AngleTable angles(std::min(dims, code_dims));
    bool is_kept[edges_max + 1];
    std::size_t victim = count;
    bool is_victim_covered = false;
    for (std::size_t far = 0; far <= count; ++far) {
        std::uint32_t differing[edges_max];
        active_kernels().count_differing(all[far].code, edges.codes, words, count, differing);
        is_kept[far] = true;
        for (std::size_t near = 0; near < far && is_kept[far]; ++near) {
            if (!is_kept[near]) {
                continue;
            }
            std::uint32_t bits = 0;
            if (all[near].slot == new_slot) {
                active_kernels().count_differing(all[far].code, added.code, words, 1, &bits);
            } else {
                bits = differing[all[near].slot];
            }
            is_kept[far] = !is_led_to(metric, all[near], all[far], angles.cosine(bits));
        }
        const bool may_go = !(must_add && all[far].slot == new_slot);
        if (may_go && (!is_kept[far] || !is_victim_covered)) {
            victim = far;
            is_victim_covered = !is_kept[far];
        }
    }
    return all[victim].slot == new_slot ? no_slot : static_cast<int>(all[victim].slot);
}

}  // namespace pgmind::graph
