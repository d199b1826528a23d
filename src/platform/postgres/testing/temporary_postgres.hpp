#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/process/child.hpp"
#include "platform/process/port_reservation.hpp"
#include "platform/process/process_handle.hpp"

namespace pgmind::postgres::testing {

/// A real PostgreSQL for tests, in a temporary directory, with a Unix socket there and a free TCP
/// port on 127.0.0.1. It ends with the object, and also when the test dies, and leaves nothing
/// behind. Failures throw: a test without its server cannot go on. Not thread-safe; its methods
/// block. Make it on a thread that outlives it (the main one): the server ends with that thread.
class TemporaryPostgres {
  public:
    /// The server of this test process, started on first use and stopped at exit.
    static TemporaryPostgres& instance();

    /// A server of one's own, for tests that kill it.
    TemporaryPostgres();
    ~TemporaryPostgres();
    TemporaryPostgres(const TemporaryPostgres&) = delete;
    TemporaryPostgres& operator=(const TemporaryPostgres&) = delete;

    /// Logs in as a superuser over the socket.
    ConnectionOptions options(std::string_view database) const;
    /// The same over TCP, where a password (SCRAM) is asked for.
    ConnectionOptions tcp_options(std::string_view database) const;

    /// Makes an empty database and gives its name: `prefix` and a number.
    std::string create_database(std::string_view prefix);

    /// Runs SQL over a connection of its own and gives the first value of the last result ("" for
    /// none or NULL).
    std::string ask(std::string_view database, const std::string& sql) const;

    /// SIGKILL to the postmaster and all its children, as a crashed machine would.
    void kill();
    /// Starts it again after kill() or stop(), on the same port and data.
    void restart();
    /// Ends all connections and stops in order (fast shutdown).
    void stop();
    /// SIGSTOP to all of it: it takes connections and requests, and answers nothing.
    void freeze();
    void thaw();
    bool running() const { return postmaster_.has_value(); }
    /// The end of the server's log, for messages of failed tests.
    std::string log_tail() const;

  private:
    using Backends = std::vector<process::ProcessHandle>;

    process::Child spawn(process::Command command);
    process::Command server_command() const;
    void start_watchdog();
    void initialize();
    void launch();
    bool is_ready() const;
    Backends backends() const;

    boost::asio::io_context loop_{1};
    std::string directory_;
    std::string binaries_;
    std::optional<process::Identity> user_;
    std::optional<process::PortReservation> port_;
    std::optional<process::Child> watchdog_;
    std::optional<process::Child> postmaster_;
    int databases_ = 0;
};

/// Runs a task to its end and gives its value.
template <class T>
T run(boost::asio::io_context& loop, Task<T> task) {
    return async::run_blocking_loop(loop, std::move(task));
}

}  // namespace pgmind::postgres::testing
