#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "platform/http/message.hpp"

namespace pgmind::integration::mcp {

/// A piece of an answer on its way from the engine to the connection.
struct Delivery {
    enum class Kind {
        whole,  ///< the whole answer: status, headers, body
        begin,  ///< a stream of events begins (also implied by the first event)
        event,  ///< one event of the stream
        end     ///< the stream is complete
    };
    Kind kind = Kind::whole;
    unsigned status = 200;
    http::Headers headers;
    std::string body;                 ///< of a whole answer; the data of an event (one line)
    std::string event_id;             ///< empty: the event has none
    bool primes = false;              ///< the event only carries its id and the time to wait
    std::string_view outcome = "ok";  ///< of a whole answer or an end
    std::string required_scope;       ///< of a denial: for WWW-Authenticate
};

/// Carries the answer to one HTTP request from the engine that works it out, perhaps on another
/// loop, to the connection that sends it. Made by the connection's coroutine; shared with the
/// engine. What waits here is bounded: an engine asks has_room() before anything that it could do
/// without.
class Outlet final : public std::enable_shared_from_this<Outlet> {
  public:
    static constexpr std::size_t kWaitingBytesMax = 4 * 1024 * 1024;

    Outlet(Executor loop, bool takes_streams)
        : loop_(loop), takes_streams_(takes_streams), arrived_(loop) {}

    // For the engine, from any loop.

    /// False when the client takes no event streams: then only a whole answer may be pushed.
    bool takes_streams() const { return takes_streams_; }
    bool has_room() const {
        return waiting_bytes_.load(std::memory_order_relaxed) < kWaitingBytesMax;
    }
    void push(Delivery delivery);
    /// Calls `gone` once, on `owner`, when the connection has closed or wants the stream to end;
    /// at once if that has happened already.
    void when_gone(Executor owner, std::function<void()> gone);

    // For the connection, on its loop.

    /// The next piece; nullopt when the deadline passes first, or after leave().
    Task<std::optional<Delivery>> next(Deadline deadline);
    /// The connection is gone, or wants to be: tells the engine.
    void leave();
    bool left() const { return left_; }

  private:
    struct Watcher {
        Executor owner;
        std::function<void()> gone;
    };
    Executor loop_;
    bool takes_streams_;
    std::atomic<std::size_t> waiting_bytes_{0};
    async::Notifier arrived_;
    std::deque<Delivery> waiting_;
    std::optional<Watcher> watcher_;
    bool left_ = false;
};

}  // namespace pgmind::integration::mcp
