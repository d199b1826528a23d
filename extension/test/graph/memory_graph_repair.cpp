// Deletion with local repair, as VACUUM does it: what replaces an edge to a dead node comes from
// that node's own list.

#include <algorithm>

#include "graph/memory_graph.hpp"

namespace pgmind::graph::test {

// The live nodes that only pinned edges of dead nodes lead to, from `dead` downwards.
void MemoryGraph::collect_orphans(NodeId dead, std::vector<NodeId>& orphans) const {
    std::vector<NodeId> open = {dead};
    while (!open.empty()) {
        const Block& block = block_of(0, open.back());
        open.pop_back();
        for (std::size_t i = 0; i < block.ids.size(); ++i) {
            if (is_pinned(block.f2[i])) {
                const bool is_live = states_[block.ids[i]] == State::live;
                (is_live ? orphans : open).push_back(block.ids[i]);
            }
        }
    }
}

// Pins `parent`'s edges to the orphans; where it has no room, those of its descendants that are not
// below the orphans still to come, so that no ring can close. A leaf always has room.
void MemoryGraph::adopt(NodeId parent, const std::vector<NodeId>& orphans) {
    std::vector<NodeId> adopters = {parent};
    std::size_t next = 0;
    for (const NodeId orphan : orphans) {
        while (!add_edge(0, adopters[next], orphan, true)) {
            const Block& block = block_of(0, adopters[next++]);
            for (std::size_t i = 0; i < block.ids.size(); ++i) {
                if (is_pinned(block.f2[i]) && states_[block.ids[i]] == State::live) {
                    adopters.push_back(block.ids[i]);
                } else if (is_pinned(block.f2[i])) {
                    collect_orphans(block.ids[i], adopters);
                }
            }
        }
    }
}

// The live neighbours of the dead neighbours, by estimated distance.
std::vector<Candidate> MemoryGraph::replacements(std::size_t level, NodeId node, const Block& old) {
    std::vector<Candidate> result;
    std::vector<float> estimated(levels_[level].capacity);
    ++search_number_;
    seen_[node] = search_number_;
    for (const NodeId id : old.ids) {
        seen_[id] = search_number_;
    }
    for (const NodeId id : old.ids) {
        if (states_[id] != State::dead) {
            continue;
        }
        const Block& block = block_of(level, id);
        QueryCode code;
        prepare_query(vector_of(node), vector_of(id), rotated_, bits_, &code);
        estimate(options_.metric, code, distance(node, id), edges_of(block), estimated.data());
        for (std::size_t i = 0; i < block.ids.size(); ++i) {
            if (states_[block.ids[i]] == State::live && seen_[block.ids[i]] != search_number_) {
                seen_[block.ids[i]] = search_number_;
                result.push_back({estimated[i], block.ids[i]});
            }
        }
    }
    std::sort(result.begin(), result.end(), is_nearer);
    return result;
}

void MemoryGraph::repair(std::size_t level, NodeId node) {
    const Block old = block_of(level, node);
    const auto is_dead = [&](NodeId id) { return states_[id] == State::dead; };
    const auto dead_count =
        static_cast<std::size_t>(std::count_if(old.ids.begin(), old.ids.end(), is_dead));
    if (dead_count == 0) {
        return;
    }
    std::vector<Candidate> candidates = replacements(level, node, old);
    Block kept;
    std::vector<NodeId> orphans;
    const std::size_t bytes = code_bytes(bits_);
    for (std::size_t i = 0; i < old.ids.size(); ++i) {
        if (!is_dead(old.ids[i])) {
            kept.ids.push_back(old.ids[i]);
            kept.f1.push_back(old.f1[i]);
            kept.f2.push_back(old.f2[i]);
            kept.codes.insert(kept.codes.end(), &old.codes[i * bytes],
                              &old.codes[i * bytes] + bytes);
        } else if (level == 0 && is_pinned(old.f2[i])) {
            collect_orphans(old.ids[i], orphans);
        }
    }
    block_of(level, node) = kept;
    adopt(node, orphans);
    for (const NodeId orphan : orphans) {
        std::erase_if(candidates, [&](const Candidate& one) { return one.node == orphan; });
    }
    // Twice as many are tried as edges were lost, so that the local heuristic has a choice.
    const std::size_t wanted = std::min(candidates.size(), 2 * dead_count);
    for (std::size_t i = 0; i < wanted; ++i) {
        add_edge(level, node, candidates[i].node, false);
    }
}

void MemoryGraph::choose_entry() {
    for (std::size_t level = levels_.size(); level-- > 0;) {
        for (NodeId node = 0; node < states_.size(); ++node) {
            if (states_[node] == State::live && levels_[level].place_of[node] != 0xFFFFFFFFU) {
                levels_.resize(level + 1);
                entry_ = node;
                return;
            }
        }
    }
    entry_ = first_ = no_node;
    levels_.resize(1);
}

void MemoryGraph::remove(const std::vector<NodeId>& nodes) {
    for (const NodeId node : nodes) {
        states_[node] = State::dead;
    }
    if (first_ != no_node && states_[first_] == State::dead) {
        std::vector<NodeId> orphans;
        collect_orphans(first_, orphans);
        if (!orphans.empty()) {
            first_ = orphans.front();
            orphans.erase(orphans.begin());
            adopt(first_, orphans);
        }
    }
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        for (NodeId node = 0; node < states_.size(); ++node) {
            if (states_[node] == State::live && levels_[level].place_of[node] != 0xFFFFFFFFU) {
                repair(level, node);
            }
        }
    }
    for (const NodeId node : nodes) {
        states_[node] = State::gone;
    }
    if (entry_ != no_node && states_[entry_] != State::live) {
        choose_entry();
    }
}

std::size_t MemoryGraph::live_count() const {
    return static_cast<std::size_t>(std::count(states_.begin(), states_.end(), State::live));
}

std::size_t MemoryGraph::reachable_count() const {
    if (first_ == no_node) {
        return 0;
    }
    std::vector<bool> is_reached(states_.size());
    std::vector<NodeId> open = {first_};
    is_reached[first_] = true;
    std::size_t count = 0;
    while (!open.empty()) {
        const NodeId node = open.back();
        open.pop_back();
        ++count;
        for (const NodeId id : block_of(0, node).ids) {
            if (!is_reached[id]) {
                is_reached[id] = true;
                open.push_back(id);
            }
        }
    }
    return count;
}

std::size_t MemoryGraph::edge_count() const {
    std::size_t count = 0;
    for (NodeId node = 0; node < states_.size(); ++node) {
        count += states_[node] == State::live ? block_of(0, node).ids.size() : 0;
    }
    return count;
}

}  // namespace pgmind::graph::test
