#include "integration/adapters/mcp/outlet.hpp"

#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace pgmind::integration::mcp {

void Outlet::push(Delivery delivery) {
    waiting_bytes_.fetch_add(delivery.body.size(), std::memory_order_relaxed);
    boost::asio::dispatch(loop_,
                          [self = shared_from_this(), piece = std::move(delivery)]() mutable {
                              self->waiting_.push_back(std::move(piece));
                              self->arrived_.notify_all();
                          });
}

void Outlet::when_gone(Executor owner, std::function<void()> gone) {
    boost::asio::dispatch(loop_,
                          [self = shared_from_this(), owner, gone = std::move(gone)]() mutable {
                              if (self->left_) {
                                  boost::asio::post(owner, std::move(gone));
                              } else {
                                  self->watcher_ = Watcher{owner, std::move(gone)};
                              }
                          });
}

Task<std::optional<Delivery>> Outlet::next(Deadline deadline) {
    while (waiting_.empty() && !left_) {
        const bool woken = co_await arrived_.wait_until(deadline);
        if (!woken) {
            break;
        }
    }
    if (waiting_.empty()) {
        co_return std::nullopt;
    }
    Delivery delivery = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_.fetch_sub(delivery.body.size(), std::memory_order_relaxed);
    co_return delivery;
}

void Outlet::leave() {
    left_ = true;
    arrived_.notify_all();
    if (watcher_) {
        boost::asio::post(watcher_->owner, std::move(watcher_->gone));
        watcher_.reset();
    }
}

}  // namespace pgmind::integration::mcp
