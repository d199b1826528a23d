#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/postgres/detail/cancel.hpp"
#include "platform/postgres/detail/libpq_handles.hpp"
#include "platform/postgres/detail/operation.hpp"
#include "platform/postgres/detail/parameters_view.hpp"
#include "platform/postgres/detail/socket_watch.hpp"

namespace pgmind::postgres {

/// One libpq connection in pipeline mode: sends operations, matches the answers, cancels or gives
/// up what is overdue. Belongs to one event loop. Lost once (broken()), it stays so.
///
/// Reads that arrive in one turn of the loop share a sync, which is most of the speed; when one of
/// them fails, the server skips the others, and they are sent again, each with a sync of its own.
/// A write has its own sync and so its own transaction, and succeeds only when that sync has
/// answered: before, it is not committed.
class Connection final : public std::enable_shared_from_this<Connection> {
  public:
    /// Who is told of what happens; called on the loop, also from within submit() and abandon().
    class Owner {
      public:
        virtual ~Owner() = default;
        /// The operation has its result, and the owner calls finish() or sends it elsewhere.
        virtual void operation_ended(Connection& connection, OperationPointer operation) = 0;
        /// Comes before the operation_ended() of what was in flight.
        virtual void connection_lost(Connection& connection) = 0;
        /// Whether it is wise to send more.
        virtual void accepting_changed(Connection& connection, bool accepting) = 0;
        virtual void notified(std::string_view channel, std::string_view payload) = 0;
    };

    static Task<Result<std::shared_ptr<Connection>>> open(ConnectionOptions options,
                                                          Deadline deadline);
    Connection(Executor executor, ConnectionHandle handle);
    ~Connection();

    void set_owner(Owner* owner, std::uint64_t number);
    std::uint64_t number() const { return number_; }

    /// Sends an operation; its end comes later, or from within when the connection breaks.
    void submit(OperationPointer operation);
    /// Nobody waits for this operation any more. A read is cancelled when the server runs it.
    void abandon(const OperationPointer& operation);

    bool broken() const { return broken_; }
    /// Nothing is in flight and no transaction is open.
    bool at_rest() const;
    bool in_transaction() const;
    /// The server was a standby when it was asked to write: the primary is elsewhere by now.
    bool refused_writes() const { return refused_writes_; }

    /// For one user alone (a session): operations finish here rather than at the owner.
    void set_exclusive(bool exclusive) { exclusive_ = exclusive; }
    /// Asks the server to stop what it runs; nobody waits for whether it did.
    void cancel_unwatched();
    /// Forgets the prepared statements: DISCARD ALL removed them from the server.
    void forget_prepared();

    /// Ends the connection; operations in flight end with `why`, or as outcome_unknown.
    void lose(Error why);

    /// Waits until all that was sent is answered, the connection lost, or the deadline passed.
    Task<void> settle(Deadline deadline);

    // Direct use of libpq, out of pipeline mode (scripts, COPY), by one task at a time.
    Result<void> enter_direct();
    Result<void> leave_direct();
    PGconn* handle() { return handle_.get(); }
    SocketWatch& watch() { return watch_; }

  private:
    enum class Expect { prepare, statement, sync };
    struct Expected {
        Expect kind;
        OperationPointer operation;  // For a sync: the write that waits for it, if any.
        bool answered = false;
    };
    struct Prepared {
        std::string server_name;
        std::string sql;
    };
    struct NameHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const {
            return std::hash<std::string_view>{}(name);
        }
    };

    void watch_socket();
    void socket_ready();
    void flush();
    void end_turn();
    bool send_sync(OperationPointer write);
    bool send_statement(const OperationPointer& operation, bool healthy);
    bool send_prepare(const OperationPointer& operation);
    bool knows_prepared(const Operation& operation) const;
    void forget_prepared(const Operation& operation);

    void read_results();
    void read_notifications();
    void take_result(ResultHandle result);
    void take_failure(Expected& head, const PGresult* result);
    void take_fatal(Expected& head, Error error);
    void take_skipped(Expected& head);
    void take_sync();
    void take_end();
    void finish_head();
    bool should_resend(const Operation& operation, const PGresult* result) const;
    void resend_head();
    void deliver(const OperationPointer& operation);
    void deliver_lost(const OperationPointer& operation, bool answered, const Error& why);

    void head_changed();
    void arm_overdue();
    void overdue();
    void cancel_head();
    void update_accepting();

    Executor executor_;
    ConnectionHandle handle_;
    SocketWatch watch_;
    Owner* owner_ = nullptr;
    std::uint64_t number_ = 0;
    std::deque<Expected> expected_;
    ParametersView parameters_;
    std::unordered_map<std::string, Prepared, NameHash, std::equal_to<>> prepared_;
    std::uint64_t prepared_count_ = 0;    // Ever, for names that are not used twice.
    std::size_t prepared_on_server_ = 0;  // Those that were forgotten here included.
    std::unique_ptr<CancelRequest> cancel_;
    Timer overdue_timer_;
    const Operation* overdue_head_ = nullptr;  // Whose grace the timer measures.
    SteadyTime overdue_at_{};
    async::Notifier settled_;
    int ends_in_a_row_ = 0;
    bool turn_scheduled_ = false;
    bool group_open_ = false;     // Reads were sent whose common sync was not.
    bool flush_pending_ = false;  // The socket takes no more at the moment.
    bool stray_cancel_ = false;   // A cancellation may hit another operation than was meant.
    bool fatal_ = false;  // The server refused to go on: what it did not begin it never will.
    bool accepting_ = true;
    bool exclusive_ = false;
    bool refused_writes_ = false;
    bool direct_ = false;
    bool broken_ = false;
};

}  // namespace pgmind::postgres
