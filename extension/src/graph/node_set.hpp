#pragma once

#include <cstddef>

#include "graph/types.hpp"

// The nodes a search has met: open addressing over the caller's memory, one id a slot.
namespace pgmind::graph {

class NodeSet {
  public:
    // `slots` is a power of two, at least 8; `ids` has that many. Starts empty.
    NodeSet(NodeId* ids, std::size_t slots) { reset(ids, slots); }

    std::size_t size() const { return count_; }
    std::size_t slots() const { return slots_; }

    // Whether the next insert needs more room: at three quarters full.
    bool must_grow() const { return count_ >= slots_ / 4 * 3; }

    // False if it was there. `node` is not no_node, and must_grow() is false.
    bool insert(NodeId node) {
        const std::size_t slot = slot_of(node);
        if (ids_[slot] == node) {
            return false;
        }
        ids_[slot] = node;
        ++count_;
        return true;
    }

    bool contains(NodeId node) const { return ids_[slot_of(node)] == node; }

    void clear() { reset(ids_, slots_); }

    // As for the constructor; `ids` does not overlap the old ones and has more slots than them.
    void move_to(NodeId* ids, std::size_t slots) {
        const NodeSet old = *this;
        reset(ids, slots);
        for (std::size_t i = 0; i < old.slots_; ++i) {
            if (old.ids_[i] != no_node) {
                insert(old.ids_[i]);
            }
        }
    }

  private:
    void reset(NodeId* ids, std::size_t slots) {
        ids_ = ids;
        slots_ = slots;
        count_ = 0;
        for (std::size_t i = 0; i < slots; ++i) {
            ids[i] = no_node;
        }
    }

    // Where it is or would be. Multiplying by an odd constant spreads ids that share low bits.
    std::size_t slot_of(NodeId node) const {
        std::size_t slot = ((node * 0x9E3779B97F4A7C15U) >> 32) & (slots_ - 1);
        while (ids_[slot] != node && ids_[slot] != no_node) {
            slot = (slot + 1) & (slots_ - 1);
        }
        return slot;
    }

    NodeId* ids_;
    std::size_t slots_;
    std::size_t count_;
};

}  // namespace pgmind::graph
