#pragma once

#include <chrono>

#include "async/notifier.hpp"
#include "memory/api/memory.hpp"

namespace pgmind::app {

/// Deletes expired entries again and again, on one worker's loop, until stopped. Several gateways
/// may sweep at once: each skips what another has locked.
class Sweeper {
  public:
    Sweeper(Executor executor, memory::Memory& memory, std::chrono::seconds pause)
        : executor_(executor), wake_(executor), memory_(memory), pause_(pause) {}

    void start();
    /// Returns when the round that runs has ended. Runs on the worker's loop.
    Task<void> stop();

  private:
    Task<void> run();

    Executor executor_;
    async::Notifier wake_;
    memory::Memory& memory_;
    std::chrono::seconds pause_;
    bool stopping_ = false;
    bool running_ = false;
};

}  // namespace pgmind::app
