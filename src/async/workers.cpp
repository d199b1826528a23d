#include "async/workers.hpp"

#include <string>

#include <pthread.h>

namespace pgmind::async {

Workers::Workers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        loops_.push_back(std::make_unique<boost::asio::io_context>(1));
        guards_.emplace_back(loops_.back()->get_executor());
    }
}

Workers::~Workers() {
    stop();
    join();
}

void Workers::start() {
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        boost::asio::io_context& loop = *loops_[i];
        threads_.emplace_back([&loop] { loop.run(); });
        const std::string name = "worker-" + std::to_string(i);
        pthread_setname_np(threads_.back().native_handle(), name.c_str());
    }
}

void Workers::stop() {
    for (auto& loop : loops_) {
        loop->stop();
    }
}

void Workers::join() {
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
    threads_.clear();
}

}  // namespace pgmind::async
