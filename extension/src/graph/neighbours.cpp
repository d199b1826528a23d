#include "graph/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pgmind::graph {
namespace {

constexpr double pi = 3.14159265358979323846;
// The mean of |x| times its level for a normal x, with one plane of bits and with two.
constexpr double mean_product[] = {0.79788456080286536, 1.770};

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
    bool is_pinned;
};

LocalEdge local_edge(Metric metric, EdgeFactors factors, std::size_t dims, std::size_t code_bits,
                     std::uint32_t slot, const std::uint8_t* code) {
    if (metric != Metric::inner_product) {
        return {factors.f1, std::sqrt(std::max(factors.f1, 0.0F)), slot, code,
                is_pinned(factors.f2)};
    }
    // |f2| is |r|^2 / <r, s>, and after the rotation <r, s> is nearly a constant times |r|.
    const CodeForm form = code_form(dims, code_bits);
    const double norm = std::fabs(static_cast<double>(factors.f2)) * mean_product[form.planes - 1] *
                        static_cast<double>(form.dims) / std::sqrt(static_cast<double>(dims));
    return {factors.f1, static_cast<float>(norm), slot, code, is_pinned(factors.f2)};
}

// The cosine of the angle between two edges from their codes: the share of differing signs is the
// angle over pi. Bits beyond `dims` never differ, and only the plane of signs counts.
class Angles {
  public:
    Angles(std::size_t dims, std::size_t code_bits)
        : words_(code_form(dims, code_bits).plane_words),
          per_bit_(static_cast<float>(pi / static_cast<double>(code_form(dims, code_bits).dims))) {}

    // Within 1e-5 of the cosine, where an angle of a hundred bits is known to a few hundredths.
    float cosine(const std::uint8_t* a, const std::uint8_t* b) const {
        std::uint32_t differing = 0;
        active_kernels().count_differing(a, b, words_, 1, &differing);
        return -sine(std::min(half_pi, per_bit_ * static_cast<float>(differing) - half_pi));
    }

  private:
    static constexpr auto half_pi = static_cast<float>(pi / 2);

    // Taylor's polynomial, for angles up to a right one: this is called a thousand times an insert.
    static float sine(float angle) {
        const float square = angle * angle;
        return angle *
               (1 + square * (-1 / 6.0F + square * (1 / 120.0F +
                                                    square * (-1 / 5040.0F + square / 362880.0F))));
    }

    std::size_t words_;
    float per_bit_;
};

// Whether one of the kept edges' targets is nearer to that of `far` than the node is.
bool is_led_to(Metric metric, const Angles& angles, const LocalEdge* all, const std::size_t* kept,
               std::size_t kept_count, const LocalEdge& far) {
    for (std::size_t i = 0; i < kept_count; ++i) {
        const LocalEdge& near = all[kept[i]];
        const float product = near.norm * far.norm * angles.cosine(near.code, far.code);
        // From d(near, far) < d(node, far), both written as sums over the edges' residuals.
        const float bound = metric == Metric::inner_product ? product : 2 * product;
        if (near.distance < bound) {
            return true;
        }
    }
    return false;
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
                    std::size_t code_bits, bool must_add) {
    const std::size_t count = std::min(edges.count, edges_max);
    const auto new_slot = static_cast<std::uint32_t>(count);
    LocalEdge all[edges_max + 1];
    std::size_t pinned_count = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        all[i] = local_edge(metric, {edges.f1[i], edges.f2[i]}, dims, code_bits, i,
                            edges.codes + i * code_bytes(code_bits));
        pinned_count += all[i].is_pinned ? 1 : 0;
    }
    if (must_add && 2 * pinned_count >= count) {
        return no_slot;
    }
    all[count] = local_edge(metric, added.factors, dims, code_bits, new_slot, added.code);
    all[count].is_pinned = must_add;
    std::sort(all, all + count + 1, [](const LocalEdge& a, const LocalEdge& b) {
        return a.distance < b.distance || (a.distance == b.distance && a.slot < b.slot);
    });

    // From near to far: `kept` are those that no nearer kept one leads to.
    const Angles angles(dims, code_bits);
    std::size_t kept[edges_max + 1];
    std::size_t kept_count = 0;
    std::size_t victim = count + 1;
    bool is_victim_covered = false;
    for (std::size_t at = 0; at <= count; ++at) {
        const bool is_covered = is_led_to(metric, angles, all, kept, kept_count, all[at]);
        if (!is_covered) {
            kept[kept_count++] = at;
        }
        if (!all[at].is_pinned && (is_covered || !is_victim_covered)) {
            victim = at;
            is_victim_covered = is_covered;
        }
    }
    if (victim > count || all[victim].slot == new_slot) {
        return no_slot;
    }
    return static_cast<int>(all[victim].slot);
}

}  // namespace pgmind::graph
