#pragma once

#include <algorithm>
#include <cstddef>

#include "graph/types.hpp"

// The two heaps of a search, on the caller's memory. No destructors, no allocation: when one is
// full the caller gives it more room or goes without.
namespace pgmind::graph {

namespace detail {

struct NearestFirst {
    bool operator()(const Candidate& a, const Candidate& b) const { return is_nearer(b, a); }
};

struct FarthestFirst {
    bool operator()(const Candidate& a, const Candidate& b) const { return is_nearer(a, b); }
};

}  // namespace detail

// A binary heap whose top is the first by `Order`.
template <class Order>
class CandidateHeap {
  public:
    CandidateHeap(Candidate* items, std::size_t capacity) : items_(items), capacity_(capacity) {}

    std::size_t size() const { return count_; }
    std::size_t capacity() const { return capacity_; }
    bool is_empty() const { return count_ == 0; }
    bool is_full() const { return count_ == capacity_; }
    // The heap must not be empty.
    const Candidate& top() const { return items_[0]; }
    // In no order that matters; for who frees or copies them.
    const Candidate* items() const { return items_; }

    // Room must be left.
    void push(const Candidate& candidate) {
        items_[count_++] = candidate;
        std::push_heap(items_, items_ + count_, Order());
    }

    Candidate pop() {
        std::pop_heap(items_, items_ + count_, Order());
        return items_[--count_];
    }

    // Room must not be left: the top gives way. For the nearest `capacity` of many.
    void replace_top(const Candidate& candidate) {
        pop();
        push(candidate);
    }

    void clear() { count_ = 0; }

    // `items` holds at least size() candidates and does not overlap the old ones.
    void move_to(Candidate* items, std::size_t capacity) {
        std::copy(items_, items_ + count_, items);
        items_ = items;
        capacity_ = capacity;
    }

    // Ascending by distance, after which only size() and items() mean anything.
    void sort() { std::sort(items_, items_ + count_, is_nearer); }

  private:
    Candidate* items_;
    std::size_t capacity_;
    std::size_t count_ = 0;
};

// What to expand next: the nearest by estimate first.
using Frontier = CandidateHeap<detail::NearestFirst>;

// The nearest found: the farthest of them on top, so that a nearer one can take its place.
class Nearest : public CandidateHeap<detail::FarthestFirst> {
  public:
    using CandidateHeap::CandidateHeap;

    // Keeps the nearest `limit` (at most capacity(), at least 1); false if `candidate` is not one.
    bool offer(const Candidate& candidate, std::size_t limit) {
        if (size() < limit) {
            push(candidate);
            return true;
        }
        if (!is_nearer(candidate, top())) {
            return false;
        }
        replace_top(candidate);
        return true;
    }
};

}  // namespace pgmind::graph
