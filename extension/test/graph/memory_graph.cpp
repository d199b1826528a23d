#include "graph/memory_graph.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"

namespace pgmind::graph::test {
namespace {

constexpr std::size_t page_bytes = 8192;
constexpr std::uint32_t no_place = 0xFFFFFFFFU;

}  // namespace

MemoryGraph::MemoryGraph(const Options& options)
    : options_(options),
      rotated_(rotated_dims(options.dims)),
      bits_(options.code_bits != 0 ? options.code_bits
                                   : graph::code_bits(rotated_, 2 * options.m, page_bytes)) {
    levels_.push_back({2 * options.m, {}, {}});
}

MemoryGraph::Block& MemoryGraph::block_of(std::size_t level, NodeId node) {
    return levels_[level].blocks[levels_[level].place_of[node]];
}

const MemoryGraph::Block& MemoryGraph::block_of(std::size_t level, NodeId node) const {
    return levels_[level].blocks[levels_[level].place_of[node]];
}

EdgeList MemoryGraph::edges_of(const Block& block) const {
    return {block.f1.data(), block.f2.data(), block.codes.data(), block.ids.size()};
}

float MemoryGraph::distance(const float* a, const float* b) const {
    static const pgmind::Kernels& kernels = *find_kernels(InstructionSet::automatic);
    return options_.metric == Metric::inner_product ? -kernels.inner_product(a, b, rotated_)
                                                    : kernels.l2_squared(a, b, rotated_);
}

// A node waits in the frontier once for every parent that named it, so that one bad estimate does
// not lose it; it is expanded once.
std::vector<Candidate> MemoryGraph::search_level(const float* query, std::size_t level,
                                                 NodeId entry, std::size_t ef) {
    ++search_number_;
    std::vector<Candidate> frontier_memory(1024);
    std::vector<Candidate> nearest_memory(ef);
    Frontier frontier(frontier_memory.data(), frontier_memory.size());
    Nearest nearest(nearest_memory.data(), nearest_memory.size());
    std::vector<float> estimated(levels_[level].capacity);
    frontier.push({0, entry});
    while (!frontier.is_empty()) {
        const Candidate next = frontier.pop();
        if (nearest.is_full() && next.distance > nearest.top().distance) {
            break;
        }
        if (seen_[next.node] == search_number_) {
            continue;
        }
        seen_[next.node] = search_number_;
        ++expansions;
        const float* const vector = vector_of(next.node);
        const float exact = distance(query, vector);
        if (states_[next.node] == State::live) {
            nearest.offer({exact, next.node}, ef);
        }
        const Block& block = block_of(level, next.node);
        QueryCode code;
        prepare_query(query, vector, rotated_, bits_, &code);
        estimate(options_.metric, code, exact, edges_of(block), estimated.data());
        estimates += block.ids.size();
        for (std::size_t i = 0; i < block.ids.size(); ++i) {
            const bool is_near = !nearest.is_full() || estimated[i] < nearest.top().distance;
            if (!is_near || seen_[block.ids[i]] == search_number_) {
                continue;
            }
            if (frontier.is_full()) {
                std::vector<Candidate> larger(frontier.capacity() * 2);
                frontier.move_to(larger.data(), larger.size());
                frontier_memory.swap(larger);
            }
            frontier.push({estimated[i], block.ids[i]});
        }
    }
    nearest.sort();
    nearest_memory.resize(nearest.size());
    return nearest_memory;
}

NodeId MemoryGraph::descend(const float* query, std::size_t to_level) {
    NodeId nearest = entry_;
    for (std::size_t level = levels_.size() - 1; level > to_level; --level) {
        const std::vector<Candidate> found = search_level(query, level, nearest, 1);
        nearest = found.empty() ? nearest : found[0].node;
    }
    return nearest;
}

NodeId MemoryGraph::insert(const Vector& vector) {
    const auto node = static_cast<NodeId>(states_.size());
    const Vector turned = rotated(vector);
    vectors_.insert(vectors_.end(), turned.begin(), turned.end());
    states_.push_back(State::live);
    seen_.push_back(0);
    std::size_t top = 0;
    while (options_.has_upper_levels && top < 15 && random_.below(options_.m) == 0) {
        ++top;
    }
    const std::size_t old_levels = levels_.size();
    while (levels_.size() <= top) {
        levels_.push_back({options_.m, {}, {}});
    }
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        Level& at = levels_[level];
        at.place_of.resize(states_.size(), no_place);
        if (level <= top) {
            at.place_of[node] = static_cast<std::uint32_t>(at.blocks.size());
            at.blocks.emplace_back();
        }
    }
    if (first_ == no_node) {
        first_ = entry_ = node;
        return node;
    }
    NodeId from = entry_;
    for (std::size_t level = old_levels; level-- > 0;) {
        const std::size_t ef = level > top ? 1 : options_.ef_construction;
        const std::vector<Candidate> found = search_level(turned.data(), level, from, ef);
        from = found.empty() ? from : found[0].node;
        if (level <= top) {
            connect(node, level, found);
        }
    }
    if (top >= old_levels) {
        entry_ = node;
    }
    return node;
}

void MemoryGraph::connect(NodeId node, std::size_t level, const std::vector<Candidate>& found) {
    struct Context {
        const MemoryGraph* graph;
        const std::vector<Candidate>* found;
    } context = {this, &found};
    const PairDistance pairs = {[](void* given, std::size_t a, std::size_t b) {
                                    const auto& [graph, candidates] = *static_cast<Context*>(given);
                                    return graph->distance((*candidates)[a].node,
                                                           (*candidates)[b].node);
                                },
                                &context};
    std::vector<std::uint32_t> places(levels_[level].capacity);
    places.resize(
        select_neighbours(found.data(), found.size(), places.size(), pairs, places.data()));
    for (const std::uint32_t place : places) {
        add_edge(level, node, found[place].node, false);
    }
    bool is_pinned_once = level > 0;
    for (const std::uint32_t place : places) {
        if (add_edge(level, found[place].node, node, !is_pinned_once)) {
            is_pinned_once = true;
        }
    }
    if (!is_pinned_once) {
        // All of them lead to as many as they may: some node does not.
        for (NodeId other = 0; other < node && !is_pinned_once; ++other) {
            is_pinned_once = states_[other] == State::live && add_edge(level, other, node, true);
        }
    }
}

bool MemoryGraph::add_edge(std::size_t level, NodeId parent, NodeId child, bool is_to_pin) {
    Block& block = block_of(level, parent);
    const std::size_t bytes = code_bytes(bits_);
    std::vector<std::uint8_t> code(bytes);
    EdgeFactors factors = encode_edge(options_.metric, vector_of(parent), vector_of(child),
                                      rotated_, bits_, code.data());
    std::size_t slot = block.ids.size();
    if (slot == levels_[level].capacity) {
        const int given_up =
            options_.prunes_exactly && !is_to_pin
                ? exact_slot(block, parent, child)
                : slot_to_replace(options_.metric, edges_of(block), {factors, code.data()},
                                  rotated_, bits_, is_to_pin);
        if (given_up == no_slot) {
            return false;
        }
        slot = static_cast<std::size_t>(given_up);
    } else {
        block.ids.emplace_back();
        block.f1.emplace_back();
        block.f2.emplace_back();
        block.codes.resize(block.codes.size() + bytes);
    }
    if (is_to_pin) {
        factors = pinned(factors);
    }
    block.ids[slot] = child;
    block.f1[slot] = factors.f1;
    block.f2[slot] = factors.f2;
    std::copy(code.begin(), code.end(), &block.codes[slot * bytes]);
    return true;
}

int MemoryGraph::exact_slot(const Block& block, NodeId parent, NodeId child) const {
    std::vector<Candidate> all;
    for (const NodeId id : block.ids) {
        all.push_back({distance(parent, id), static_cast<NodeId>(all.size())});
    }
    const auto new_slot = static_cast<NodeId>(all.size());
    all.push_back({distance(parent, child), new_slot});
    std::sort(all.begin(), all.end(), is_nearer);
    const auto target = [&](const Candidate& candidate) {
        return candidate.node == new_slot ? child : block.ids[candidate.node];
    };
    std::vector<Candidate> kept;
    int victim = no_slot;
    bool is_victim_covered = false;
    for (const Candidate& far : all) {
        const bool is_covered = std::any_of(kept.begin(), kept.end(), [&](const Candidate& near) {
            return distance(target(near), target(far)) < far.distance;
        });
        if (!is_covered) {
            kept.push_back(far);
        }
        const bool may_go = far.node == new_slot || !is_pinned(block.f2[far.node]);
        if (may_go && (is_covered || !is_victim_covered)) {
            victim = far.node == new_slot ? no_slot : static_cast<int>(far.node);
            is_victim_covered = is_covered;
        }
    }
    return victim;
}

std::vector<Candidate> MemoryGraph::search(const Vector& query, std::size_t ef, std::size_t count) {
    if (entry_ == no_node) {
        return {};
    }
    const Vector turned = rotated(query);
    std::vector<Candidate> found =
        search_level(turned.data(), 0, descend(turned.data(), 0), std::max(ef, count));
    found.resize(std::min(found.size(), count));
    return found;
}

std::vector<Candidate> MemoryGraph::search_exactly(const Vector& query, std::size_t count) const {
    const Vector turned = rotated(query);
    std::vector<Candidate> all;
    for (NodeId node = 0; node < states_.size(); ++node) {
        if (states_[node] == State::live) {
            all.push_back({distance(turned.data(), vector_of(node)), node});
        }
    }
    const std::size_t wanted = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(wanted), all.end(),
                      is_nearer);
    all.resize(wanted);
    return all;
}

double recall(const std::vector<Candidate>& found, const std::vector<Candidate>& expected) {
    if (expected.empty()) {
        return 1;
    }
    const float limit = expected.back().distance + 1e-5F * std::fabs(expected.back().distance);
    const auto hits = std::count_if(found.begin(), found.end(), [&](const Candidate& candidate) {
        return candidate.distance <= limit;
    });
    return static_cast<double>(hits) / static_cast<double>(expected.size());
}

}  // namespace pgmind::graph::test
