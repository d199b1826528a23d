#include "platform/postgres/detail/socket_watch.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>

namespace pgmind::postgres {

struct SocketWatch::State : std::enable_shared_from_this<SocketWatch::State> {
    using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;
    using Timer = boost::asio::basic_waitable_timer<
        std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

    explicit State(Executor executor) : descriptor(executor), timer(executor) {}

    void arm(Descriptor::wait_type type) {
        bool& armed = type == Descriptor::wait_read ? read_armed : write_armed;
        if (armed || !descriptor.is_open()) {
            return;
        }
        armed = true;
        descriptor.async_wait(
            type, [weak = weak_from_this(), type, now = generation](boost::system::error_code) {
                const std::shared_ptr<State> self = weak.lock();
                // Another generation: the wait was for a socket that is no longer watched. Errors
                // of the socket itself count as ready: libpq finds out what is wrong.
                if (self != nullptr && self->generation == now) {
                    (type == Descriptor::wait_read ? self->read_armed : self->write_armed) = false;
                    self->became_ready();
                }
            });
    }

    void became_ready() {
        ready = true;
        if (waiting) {
            timer.cancel();
        } else if (handler) {
            handler();
        }
    }

    void forget() {
        ++generation;
        read_armed = false;
        write_armed = false;
        boost::system::error_code ignored;  // The duplicate carries no data of its own.
        descriptor.close(ignored);
    }

    Descriptor descriptor;
    Timer timer;
    std::function<void()> handler;
    std::uint64_t generation = 0;
    bool read_armed = false;
    bool write_armed = false;
    bool waiting = false;
    bool ready = false;
};

SocketWatch::SocketWatch(Executor executor) : state_(std::make_shared<State>(executor)) {}

SocketWatch::~SocketWatch() {
    close();
}

bool SocketWatch::attach(int socket) {
    state_->forget();
    const int duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) {
        return false;
    }
    boost::system::error_code error;
    state_->descriptor.assign(duplicate, error);
    if (error) {
        ::close(duplicate);
        return false;
    }
    return true;
}

void SocketWatch::set_handler(std::function<void()> handler) {
    state_->handler = std::move(handler);
}

void SocketWatch::want_read() {
    state_->arm(State::Descriptor::wait_read);
}

void SocketWatch::want_write() {
    state_->arm(State::Descriptor::wait_write);
}

Task<bool> SocketWatch::wait(bool read, bool write, Deadline deadline) {
    const std::shared_ptr<State> state = state_;
    state->ready = !state->descriptor.is_open();
    state->waiting = true;
    if (read) {
        state->arm(State::Descriptor::wait_read);
    }
    if (write) {
        state->arm(State::Descriptor::wait_write);
    }
    while (!state->ready && !deadline.passed()) {
        state->timer.expires_at(deadline.when());
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(async::use_task, error);
        co_await state->timer.async_wait(token);
    }
    state->waiting = false;
    co_return state->ready;
}

void SocketWatch::close() {
    // The handler stays: it may be what is running now. It is not called again.
    state_->forget();
    state_->ready = true;
    state_->timer.cancel();
}

}  // namespace pgmind::postgres
