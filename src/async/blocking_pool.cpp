#include "async/blocking_pool.hpp"

namespace pgmind::async {

BlockingPool::BlockingPool(std::size_t threads, std::size_t queue_max)
    : threads_(threads), queue_max_(queue_max) {}

BlockingPool::~BlockingPool() {
    threads_.join();
}

bool BlockingPool::take_slot() {
    std::size_t waiting = waiting_.load(std::memory_order_relaxed);
    while (waiting < queue_max_) {
        if (waiting_.compare_exchange_weak(waiting, waiting + 1, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

}  // namespace pgmind::async
