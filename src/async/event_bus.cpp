#include "async/event_bus.hpp"

#include <algorithm>
#include <utility>

namespace pgmind::async {
namespace {

// Waking a thread costs a publisher several microseconds. After the first event of a quiet time the
// bus thread therefore lets others gather.
constexpr std::chrono::milliseconds kGatherTime{1};
constexpr std::size_t kGatherMax = 256;

}  // namespace

struct EventBus::Subscriber {
    std::string name;
    std::size_t queue_max;
    Handler handler;
    Events queue;
    std::size_t in_delivery = 0;
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;
};

EventBus::EventBus() : thread_([this] { run(); }) {}

EventBus::~EventBus() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void EventBus::subscribe(std::string name, std::size_t queue_max, Handler handler) {
    const std::lock_guard lock(mutex_);
    subscribers_.push_back(std::make_unique<Subscriber>(
        Subscriber{std::move(name), queue_max, std::move(handler), {}, 0, 0, 0}));
}

void EventBus::publish(DomainEvent event) {
    const auto shared = std::make_shared<const DomainEvent>(std::move(event));
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        for (auto& subscriber : subscribers_) {
            if (subscriber->queue.size() + subscriber->in_delivery >= subscriber->queue_max) {
                ++subscriber->dropped;
                continue;
            }
            subscriber->queue.push_back(shared);
        }
        ++gathered_;
        // While the bus thread delivers or gathers it looks at the queues before it sleeps.
        wake = state_ == State::asleep || (state_ == State::gathering && gathered_ == kGatherMax);
    }
    if (wake) {
        wake_.notify_one();
    }
}

std::vector<EventBus::SubscriberStatistics> EventBus::statistics() const {
    const std::lock_guard lock(mutex_);
    std::vector<SubscriberStatistics> all;
    all.reserve(subscribers_.size());
    for (const auto& subscriber : subscribers_) {
        all.push_back({subscriber->name, subscriber->delivered, subscriber->dropped,
                       subscriber->queue.size() + subscriber->in_delivery});
    }
    return all;
}

void EventBus::drain() {
    std::unique_lock lock(mutex_);
    ++drains_;
    wake_.notify_one();
    idle_.wait(lock, [this] { return state_ != State::delivering && all_empty(); });
    --drains_;
}

bool EventBus::all_empty() const {
    return std::all_of(subscribers_.begin(), subscribers_.end(),
                       [](const auto& subscriber) { return subscriber->queue.empty(); });
}

// Delivers what waits; false when all queues are empty. Whole queues are taken at once, so that
// publishers and the bus thread seldom want the lock at the same time.
bool EventBus::deliver(std::unique_lock<std::mutex>& lock) {
    bool delivered = false;
    // By index: a handler may subscribe another.
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
        Subscriber& subscriber = *subscribers_[i];
        if (subscriber.queue.empty()) {
            continue;
        }
        Events events;
        events.swap(subscriber.queue);
        subscriber.in_delivery = events.size();
        lock.unlock();
        for (const auto& event : events) {
            subscriber.handler(*event);
        }
        const std::size_t count = events.size();
        events.clear();
        lock.lock();
        subscriber.in_delivery = 0;
        subscriber.delivered += count;
        delivered = true;
    }
    return delivered;
}

void EventBus::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        state_ = State::delivering;
        while (deliver(lock)) {
        }
        gathered_ = 0;
        state_ = State::asleep;
        idle_.notify_all();
        if (stopping_) {
            return;
        }
        wake_.wait(lock, [this] { return gathered_ > 0 || stopping_; });
        state_ = State::gathering;
        wake_.wait_for(lock, kGatherTime,
                       [this] { return gathered_ >= kGatherMax || drains_ > 0 || stopping_; });
    }
}

}  // namespace pgmind::async
