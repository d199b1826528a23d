#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/domain_event.hpp"

namespace pgmind::async {

/// Carries domain events from whoever publishes to whoever subscribed, inside one process.
///
/// publish() never blocks and never fails: each subscriber has a bounded queue (what is just being
/// delivered counts), and an event that does not fit is dropped for that subscriber and counted.
/// What must not be lost is written to the transactional outbox by the same statement that changes
/// the data; the bus only observes. Delivery begins about a millisecond after publishing. Handlers
/// run one at a time on the bus's own thread, each in the order of publishing. Thread-safe.
class EventBus {
  public:
    using Handler = std::function<void(const DomainEvent&)>;

    EventBus();
    ~EventBus();
    EventBus(const EventBus&) = delete;
    EventBus& operator=(const EventBus&) = delete;

    /// `name` appears in metrics; `queue_max` is the number of events that may wait. A subscription
    /// lasts as long as the bus.
    void subscribe(std::string name, std::size_t queue_max, Handler handler);

    void publish(DomainEvent event);

    template <TypedEvent Event>
    void publish(const RequestContext& request, const Event& event) {
        publish(to_domain_event(request, event));
    }

    struct SubscriberStatistics {
        std::string name;
        std::uint64_t delivered = 0;
        std::uint64_t dropped = 0;
        std::size_t queued = 0;
    };
    std::vector<SubscriberStatistics> statistics() const;

    /// Blocks until everything published before the call has been handled: for shutdown and tests.
    void drain();

  private:
    struct Subscriber;
    using Events = std::vector<std::shared_ptr<const DomainEvent>>;
    enum class State { asleep, gathering, delivering };
    void run();
    bool all_empty() const;
    bool deliver(std::unique_lock<std::mutex>& lock);

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    State state_ = State::delivering;
    std::size_t gathered_ = 0;  ///< published since the last delivery began to wait
    std::size_t drains_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace pgmind::async
