#include "platform/postgres/pool.hpp"

#include <unordered_map>
#include <variant>

#include <boost/asio/redirect_error.hpp>

#include "async/notifier.hpp"
#include "platform/postgres/detail/connection.hpp"
#include "platform/postgres/detail/jitter.hpp"
#include "platform/postgres/detail/pool_state.hpp"
#include "platform/postgres/detail/session_implementation.hpp"

namespace pgmind::postgres {
namespace {

struct Lease : Waited {
    using Waited::Waited;
    std::shared_ptr<Connection> connection;
    std::optional<Error> error;
};
using LeasePointer = std::shared_ptr<Lease>;

}  // namespace

/// Carries out what PoolState decides, and tells it what happens.
class Pool::Implementation final : public std::enable_shared_from_this<Pool::Implementation>,
                                   public Connection::Owner {
  public:
    Implementation(Executor executor, ConnectionOptions options, PoolLimits limits,
                   StatementObserver observer)
        : executor_(executor),
          options_(std::move(options)),
          observer_(std::move(observer)),
          state_(limits, [jitter = Jitter()]() mutable { return jitter.next(); }),
          wake_timer_(executor),
          drained_(executor) {}

    // Each holds the pool's inner part until it has ended, whatever becomes of the Pool.
    using Self = std::shared_ptr<Implementation>;
    static Task<Result<Rows>> run(Self self, OperationPointer operation);
    static Task<Result<Session>> lease(Self self, Deadline deadline);
    static Task<void> close(Self self, Deadline deadline);
    void abort();

    OperationPointer new_operation(Deadline deadline) const {
        return std::make_shared<Operation>(executor_, deadline);
    }
    PoolStatistics statistics() const;
    const ConnectionOptions& options() const { return options_; }

    void operation_ended(Connection& connection, OperationPointer operation) override;
    void connection_lost(Connection& connection) override;
    void accepting_changed(Connection& connection, bool accepting) override;
    void notified(std::string_view, std::string_view) override {}

  private:
    using Request = std::variant<OperationPointer, LeasePointer>;

    static SteadyTime now() { return std::chrono::steady_clock::now(); }
    void enqueue(Request request, PoolState::Kind kind);
    void pump();
    void carry_out(const PoolState::Open& open);
    void carry_out(const PoolState::Close& close);
    void carry_out(const PoolState::Start& start);
    void carry_out(const PoolState::Refuse& refuse);
    void arm_wake_timer();
    static Task<void> open_connection(Self self, PoolState::Number number);
    void release(std::shared_ptr<Connection> connection, bool altered);
    void clean(const std::shared_ptr<Connection>& connection);
    void cleaned(Connection& connection, const Operation& operation);
    void overdue(const OperationPointer& operation);
    Error waited_too_long() const;

    Executor executor_;
    ConnectionOptions options_;
    StatementObserver observer_;
    PoolState state_;
    std::unordered_map<PoolState::Number, std::shared_ptr<Connection>> connections_;
    std::unordered_map<PoolState::Ticket, Request> waiting_;
    std::vector<PoolState::Action> actions_;
    PoolState::Ticket next_ticket_ = 1;
    Error connect_error_{Errc::connect_failed, "no connection was tried"};
    Timer wake_timer_;
    std::optional<SteadyTime> wake_armed_;
    async::Notifier drained_;
    std::uint64_t statements_ = 0;
    std::uint64_t failures_ = 0;
    bool pumping_ = false;
};

Task<Result<Rows>> Pool::Implementation::run(Self self, OperationPointer operation) {
    const SteadyTime begin = now();
    if (operation->deadline().passed()) {
        operation->result = fail(Errc::deadline_exceeded, "no time was left for the statement");
    } else {
        self->enqueue(operation, PoolState::Kind::statement);
        const bool finished = co_await operation->wait();
        if (!finished) {
            self->overdue(operation);
        }
    }
    const bool success = operation->result.has_value();
    ++self->statements_;
    self->failures_ += success ? 0 : 1;
    if (self->observer_) {
        self->observer_(operation->name, now() - begin, success);
    }
    co_return std::move(operation->result);
}

void Pool::Implementation::overdue(const OperationPointer& operation) {
    if (state_.give_up(operation->ticket, now())) {
        waiting_.erase(operation->ticket);
        operation->result = fail(waited_too_long());
        pump();
        return;
    }
    const std::shared_ptr<Connection> connection = operation->connection.lock();
    if (operation->effect == Effect::read) {
        operation->result = fail(Errc::deadline_exceeded, "PostgreSQL did not answer in time");
    } else {
        operation->result =
            fail(Errc::outcome_unknown, "PostgreSQL did not answer to a write in time");
    }
    if (connection != nullptr) {
        connection->abandon(operation);
    }
}

Error Pool::Implementation::waited_too_long() const {
    return state_.unreachable()
               ? connect_error_
               : Error(Errc::deadline_exceeded, "no connection became free in time");
}

Task<Result<Session>> Pool::Implementation::lease(Self self, Deadline deadline) {
    const auto lease = std::make_shared<Lease>(self->executor_, deadline);
    const PoolState::Ticket ticket = self->next_ticket_;
    self->enqueue(lease, PoolState::Kind::session);
    const bool finished = co_await lease->wait();
    if (!finished) {
        self->state_.give_up(ticket, now());
        self->waiting_.erase(ticket);
        lease->error = self->waited_too_long();
        self->pump();
    }
    if (lease->error.has_value()) {
        co_return fail(std::move(*lease->error));
    }
    std::weak_ptr<Implementation> weak = self;
    const auto give_back = [weak](std::shared_ptr<Connection> connection, bool altered) {
        if (const auto pool = weak.lock()) {
            pool->release(std::move(connection), altered);
        } else {
            connection->lose(Error(Errc::closed, "the pool is closed"));
        }
    };
    co_return Session(
        std::make_unique<Session::Implementation>(std::move(lease->connection), give_back));
}

void Pool::Implementation::enqueue(Request request, PoolState::Kind kind) {
    const PoolState::Ticket ticket = next_ticket_++;
    if (const auto* operation = std::get_if<OperationPointer>(&request)) {
        (*operation)->ticket = ticket;
    }
    waiting_.emplace(ticket, std::move(request));
    state_.request(ticket, kind, now());
    pump();
}

// What an action sets off may change the state again: those actions follow in the next round.
void Pool::Implementation::pump() {
    if (pumping_) {
        return;
    }
    const std::shared_ptr<Implementation> self = shared_from_this();
    pumping_ = true;
    state_.take_actions(actions_);
    while (!actions_.empty()) {
        for (const PoolState::Action& action : actions_) {
            std::visit([this](const auto& which) { carry_out(which); }, action);
        }
        state_.take_actions(actions_);
    }
    pumping_ = false;
    arm_wake_timer();
    if (state_.closing() && state_.empty()) {
        drained_.notify_all();
    }
}

void Pool::Implementation::carry_out(const PoolState::Open& open) {
    async::spawn(executor_, open_connection(shared_from_this(), open.connection));
}

void Pool::Implementation::carry_out(const PoolState::Close& close) {
    const auto found = connections_.find(close.connection);
    if (found != connections_.end()) {
        const std::shared_ptr<Connection> connection = std::move(found->second);
        connections_.erase(found);
        connection->lose(Error(Errc::closed, "the connection was closed"));
    }
}

void Pool::Implementation::carry_out(const PoolState::Start& start) {
    const auto found = waiting_.find(start.ticket);
    if (found == waiting_.end()) {
        return;
    }
    const Request request = std::move(found->second);
    waiting_.erase(found);
    const auto connection = connections_.find(start.connection);
    const bool gone = connection == connections_.end();
    if (const auto* operation = std::get_if<OperationPointer>(&request)) {
        if (gone) {
            enqueue(request, PoolState::Kind::statement);  // It broke a moment ago.
        } else {
            const std::shared_ptr<Connection> chosen = connection->second;
            chosen->submit(*operation);
        }
        return;
    }
    const LeasePointer& lease = std::get<LeasePointer>(request);
    if (gone) {
        lease->error = Error(Errc::connection_lost, "the connection was lost");
        state_.released(start.connection, false, now());
    } else {
        lease->connection = connection->second;
        lease->connection->set_exclusive(true);
    }
    lease->finish();
}

void Pool::Implementation::carry_out(const PoolState::Refuse& refuse) {
    const auto found = waiting_.find(refuse.ticket);
    if (found == waiting_.end()) {
        return;
    }
    const Request request = std::move(found->second);
    waiting_.erase(found);
    Error error = connect_error_;
    if (refuse.why == PoolState::Refusal::exhausted) {
        error = Error(Errc::pool_exhausted, "too many requests wait for a connection");
    } else if (refuse.why == PoolState::Refusal::closed) {
        error = Error(Errc::closed, "the connection pool is closed");
    }
    if (const auto* operation = std::get_if<OperationPointer>(&request)) {
        (*operation)->finish_with(fail(std::move(error)));
    } else {
        const LeasePointer& lease = std::get<LeasePointer>(request);
        lease->error = std::move(error);
        lease->finish();
    }
}

void Pool::Implementation::arm_wake_timer() {
    const std::optional<SteadyTime> wake = state_.wake_at();
    if (!wake || (wake_armed_ && *wake_armed_ <= *wake)) {
        return;  // An early tick does no harm.
    }
    wake_armed_ = wake;
    wake_timer_.expires_at(*wake);
    wake_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (self != nullptr && !error) {
            self->wake_armed_.reset();
            self->state_.tick(now());
            self->pump();
        }
    });
}

Task<void> Pool::Implementation::open_connection(Self self, PoolState::Number number) {
    const Deadline deadline = Deadline::after(self->options_.connect_timeout);
    auto connection = co_await Connection::open(self->options_, deadline);
    if (!connection) {
        self->connect_error_ = std::move(connection.error());
        self->state_.open_failed(number, now());
    } else if (self->state_.knows(number)) {
        (*connection)->set_owner(self.get(), number);
        self->connections_.emplace(number, std::move(*connection));
        self->state_.opened(number, now());
    } else {
        (*connection)->lose(Error(Errc::closed, "the connection pool is closed"));
    }
    self->pump();
}

void Pool::Implementation::operation_ended(Connection& connection, OperationPointer operation) {
    if (operation->cleanup) {
        cleaned(connection, *operation);
        return;
    }
    if (connection.refused_writes()) {
        state_.retire(connection.number(), now());
    }
    state_.answered(connection.number(), now());
    const bool again = operation->may_retry && !operation->abandoned && operation->attempts == 0 &&
                       !operation->result && !operation->deadline().passed() && !state_.closing();
    if (again) {
        ++operation->attempts;
        operation->result = Rows();
        operation->ticket = next_ticket_++;
        waiting_.emplace(operation->ticket, operation);
        state_.request_again(operation->ticket, now());
        pump();
    } else {
        operation->finish();
        pump();
    }
}

void Pool::Implementation::connection_lost(Connection& connection) {
    connections_.erase(connection.number());
    state_.lost(connection.number(), now());
    pump();
}

void Pool::Implementation::accepting_changed(Connection& connection, bool accepting) {
    state_.accepting(connection.number(), accepting, now());
    pump();
}

void Pool::Implementation::release(std::shared_ptr<Connection> connection, bool altered) {
    if (!connection->at_rest() || connection->refused_writes()) {
        // In a transaction, in a COPY, lost or on a standby: its next user could not trust it.
        connection->lose(Error(Errc::closed, "the session was left"));
        state_.released(connection->number(), false, now());
    } else if (altered) {
        clean(connection);
        return;
    } else {
        connection->set_exclusive(false);
        state_.released(connection->number(), true, now());
    }
    pump();
}

// After what a session may have changed, a connection is made as new.
void Pool::Implementation::clean(const std::shared_ptr<Connection>& connection) {
    connection->set_exclusive(false);
    const OperationPointer operation = new_operation(Deadline::after(std::chrono::seconds(0)));
    operation->sql_storage = "DISCARD ALL";
    operation->cleanup = true;
    connection->forget_prepared();
    connection->submit(operation);
    connection->abandon(operation);  // No caller waits: the connection itself sees to its end.
}

void Pool::Implementation::cleaned(Connection& connection, const Operation& operation) {
    const bool clean = operation.result.has_value();
    if (!clean) {
        connection.lose(Error(Errc::closed, "the session could not be undone"));
    }
    state_.released(connection.number(), clean, now());
    pump();
}

Task<void> Pool::Implementation::close(Self self, Deadline deadline) {
    self->state_.close(now());
    self->pump();
    while (!self->state_.empty() && !deadline.passed()) {
        co_await self->drained_.wait_until(deadline);
    }
    self->abort();
}

// Ends what is in flight. Connections that sessions hold end with them.
void Pool::Implementation::abort() {
    state_.close(now());
    pump();
    wake_timer_.cancel();
    const auto connections = connections_;
    for (const auto& [number, connection] : connections) {
        connection->lose(Error(Errc::closed, "the connection pool is closed"));
    }
}

PoolStatistics Pool::Implementation::statistics() const {
    PoolStatistics statistics;
    statistics.connections = state_.connections();
    statistics.busy = state_.busy();
    statistics.waiting = state_.waiting();
    statistics.statements = statements_;
    statistics.failures = failures_;
    statistics.reconnects = state_.reconnects();
    return statistics;
}

Pool::Pool(boost::asio::io_context& loop, ConnectionOptions options, PoolLimits limits,
           StatementObserver observer)
    : implementation_(std::make_shared<Implementation>(loop.get_executor(), std::move(options),
                                                       limits, std::move(observer))) {}

Pool::~Pool() {
    implementation_->abort();
}

Task<Result<Rows>> Pool::execute(const Statement& statement, Parameters parameters,
                                 Deadline deadline) {
    const OperationPointer operation = implementation_->new_operation(deadline);
    operation->name = statement.name;
    operation->sql = statement.sql;
    operation->effect = statement.effect;
    operation->parameters = std::move(parameters);
    return Implementation::run(implementation_, operation);
}

Task<Result<Rows>> Pool::query(std::string sql, Effect effect, Parameters parameters,
                               Deadline deadline) {
    const OperationPointer operation = implementation_->new_operation(deadline);
    operation->sql_storage = std::move(sql);
    operation->effect = effect;
    operation->parameters = std::move(parameters);
    return Implementation::run(implementation_, operation);
}

Task<Result<Session>> Pool::session(Deadline deadline) {
    return Implementation::lease(implementation_, deadline);
}

PoolStatistics Pool::statistics() const {
    return implementation_->statistics();
}

const ConnectionOptions& Pool::options() const {
    return implementation_->options();
}

Task<void> Pool::close(Deadline deadline) {
    return Implementation::close(implementation_, deadline);
}

}  // namespace pgmind::postgres
