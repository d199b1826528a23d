#include "platform/postgres/detail/cancel.hpp"

#include <atomic>
#include <csignal>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "platform/postgres/detail/socket_watch.hpp"

namespace pgmind::postgres {
namespace {

constexpr int kCancellationsMax = 16;
std::atomic<int> cancellations{0};

class ThreadedCancel final : public CancelRequest {
  public:
    explicit ThreadedCancel(Executor executor) : watch_(executor) {}

    // The end of the thread closes the other end of the pipe: that is the signal.
    bool watch(int read_end, std::function<void()> done) {
        const bool attached = watch_.attach(read_end);
        ::close(read_end);
        if (attached) {
            watch_.set_handler(std::move(done));
            watch_.want_read();
        }
        return attached;
    }

  private:
    SocketWatch watch_;
};

void cancel_and_close(PGcancel* cancel, int write_end) {
    char message[256];
    // A cancellation that fails leaves the statement running; the connection is dropped later.
    PQcancel(cancel, message, sizeof message);
    PQfreeCancel(cancel);
    cancellations.fetch_sub(1);
    ::close(write_end);
}

// Signals stay with the threads that the program chose for them.
bool start_thread(PGcancel* cancel, int write_end) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    try {
        // tidy: allow detached because joining would block the loop; it owns all that it touches
        std::thread(cancel_and_close, cancel, write_end).detach();
    } catch (const std::system_error&) {
        started = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

}  // namespace

std::unique_ptr<CancelRequest> CancelRequest::start(PGconn* connection, Executor executor,
                                                    std::function<void()> done) {
    if (cancellations.fetch_add(1) >= kCancellationsMax) {
        cancellations.fetch_sub(1);
        return nullptr;
    }
    int ends[2];
    PGcancel* cancel = PQgetCancel(connection);
    if (cancel == nullptr || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        PQfreeCancel(cancel);
        cancellations.fetch_sub(1);
        return nullptr;
    }
    auto request = std::make_unique<ThreadedCancel>(executor);
    const bool watched = request->watch(ends[0], std::move(done));
    if (!watched || !start_thread(cancel, ends[1])) {
        PQfreeCancel(cancel);
        ::close(ends[1]);
        cancellations.fetch_sub(1);
        return nullptr;
    }
    return request;
}

}  // namespace pgmind::postgres
