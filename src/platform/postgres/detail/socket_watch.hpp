#pragma once

#include <functional>
#include <memory>

#include "async/task.hpp"

namespace pgmind::postgres {

/// Tells when a socket that libpq owns can be read or written. It watches a duplicate of the
/// descriptor, so that libpq may close its own whenever it wants, and the event loop never closes
/// libpq's. Belongs to one loop.
class SocketWatch {
  public:
    explicit SocketWatch(Executor executor);
    ~SocketWatch();
    SocketWatch(const SocketWatch&) = delete;
    SocketWatch& operator=(const SocketWatch&) = delete;

    /// Watches `socket` from now on, and no longer the one before. False when there are no
    /// descriptors left.
    bool attach(int socket);

    /// What to run when the socket is ready (or broken), unless a task is in wait().
    void set_handler(std::function<void()> handler);
    /// Each asks for one call of the handler; asking twice is asking once.
    void want_read();
    void want_write();

    /// Waits until the socket is ready in one of the wanted ways; false when the deadline passed.
    /// Meanwhile the handler is not called. One task may wait at a time.
    Task<bool> wait(bool read, bool write, Deadline deadline);

    /// Ends a wait() and forgets the socket.
    void close();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace pgmind::postgres
