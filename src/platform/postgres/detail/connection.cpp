#include "platform/postgres/detail/connection.hpp"

#include <boost/asio/post.hpp>

#include "platform/postgres/detail/connector.hpp"
#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// More statements than a program has; what comes after runs unprepared. The server keeps them.
constexpr std::size_t kPreparedMax = 1'000;

// Checks what libpq would refuse only after it has begun to send.
std::optional<Error> refuse(const Operation& operation) {
    if (operation.parameters.size() > ParametersView::kCountMax) {
        return Error(Errc::invalid_value, "a statement takes at most 65535 parameters");
    }
    if (ParametersView::holds_nul(operation.parameters)) {
        return statement_error("22021", "a text holds a NUL character, which PostgreSQL cannot");
    }
    return std::nullopt;
}

}  // namespace

Task<Result<std::shared_ptr<Connection>>> Connection::open(ConnectionOptions options,
                                                           Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    Result<ConnectionHandle> handle = co_await open_connection(std::move(options), deadline);
    if (!handle) {
        co_return fail(std::move(handle.error()));
    }
    auto connection = std::make_shared<Connection>(executor, std::move(*handle));
    connection->watch_socket();
    if (connection->broken()) {
        co_return fail(Errc::connect_failed, "no file descriptor is left for a connection");
    }
    co_return connection;
}

Connection::Connection(Executor executor, ConnectionHandle handle)
    : executor_(executor),
      handle_(std::move(handle)),
      watch_(executor),
      overdue_timer_(executor),
      settled_(executor) {}

Connection::~Connection() = default;

void Connection::set_owner(Owner* owner, std::uint64_t number) {
    owner_ = owner;
    number_ = number;
}

void Connection::watch_socket() {
    if (!watch_.attach(PQsocket(handle_.get()))) {
        lose(Error(Errc::connection_lost, "no file descriptor is left for a connection"));
        return;
    }
    watch_.set_handler([weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->socket_ready();
        }
    });
    watch_.want_read();
}

bool Connection::at_rest() const {
    return !broken_ && !direct_ && expected_.empty() && !group_open_ &&
           PQtransactionStatus(handle_.get()) == PQTRANS_IDLE;
}

bool Connection::in_transaction() const {
    if (broken_) {
        return false;
    }
    const PGTransactionStatusType status = PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

void Connection::submit(OperationPointer operation) {
    const auto self = shared_from_this();  // What is delivered may drop the last other reference.
    operation->connection = self;
    operation->may_retry = false;
    if (std::optional<Error> error = refuse(*operation)) {
        operation->result = fail(std::move(*error));
        deliver(operation);
        return;
    }
    if (broken_) {
        operation->may_retry = true;
        operation->result = fail(Errc::connection_lost, "the connection was lost before");
        deliver(operation);
        return;
    }
    const bool shares_sync = operation->effect == Effect::read && !operation->solo && !exclusive_;
    // A write must not join the transaction of the reads before it.
    bool sent = shares_sync || !group_open_ || send_sync(nullptr);
    sent = send_statement(operation, sent);
    if (shares_sync) {
        group_open_ = true;
    } else {
        sent = sent && send_sync(operation);
    }
    if (!sent) {
        lose(Error(Errc::connection_lost, message_of(handle_.get())));
    } else if (!turn_scheduled_) {
        turn_scheduled_ = true;
        boost::asio::post(executor_, [weak = weak_from_this()] {
            if (const auto alive = weak.lock()) {
                alive->end_turn();
            }
        });
    }
}

void Connection::end_turn() {
    turn_scheduled_ = false;
    if (broken_) {
        return;
    }
    if (group_open_ && !send_sync(nullptr)) {
        lose(Error(Errc::connection_lost, message_of(handle_.get())));
        return;
    }
    flush();
}

// What could not be sent stands in `expected_` all the same: losing the connection then ends it.
bool Connection::send_statement(const OperationPointer& operation, bool healthy) {
    // One that is sent again goes unprepared: so it depends on no other's preparation.
    const bool named = !operation->name.empty() && operation->resends == 0;
    const bool prepare = named && !knows_prepared(*operation) && prepared_on_server_ < kPreparedMax;
    const bool can_go_on = healthy && (!prepare || send_prepare(operation));
    expected_.push_back({Expect::statement, operation});
    if (!can_go_on) {
        return false;
    }
    PGconn* handle = handle_.get();
    parameters_.fill(operation->parameters);
    if (named && knows_prepared(*operation)) {
        operation->server_name = prepared_.find(operation->name)->second.server_name;
        return PQsendQueryPrepared(handle, operation->server_name.c_str(), parameters_.count(),
                                   parameters_.values(), parameters_.lengths(),
                                   parameters_.formats(), 0) == 1;
    }
    if (operation->sql_storage.empty()) {
        operation->sql_storage = operation->sql;
    }
    return PQsendQueryParams(handle, operation->sql_storage.c_str(), parameters_.count(), nullptr,
                             parameters_.values(), parameters_.lengths(), parameters_.formats(),
                             0) == 1;
}

bool Connection::knows_prepared(const Operation& operation) const {
    const auto known = prepared_.find(operation.name);
    return known != prepared_.end() && known->second.sql == operation.sql;
}

// Each preparation has a name of its own on the server, so that one that failed, or that DDL made
// stale, is never mistaken for its successor.
bool Connection::send_prepare(const OperationPointer& operation) {
    ++prepared_on_server_;
    Prepared prepared;
    prepared.server_name =
        "p" + std::to_string(++prepared_count_) + "_" + std::string(operation->name.substr(0, 40));
    prepared.sql = operation->sql;
    expected_.push_back({Expect::prepare, operation});
    operation->server_name = prepared.server_name;
    const bool sent = PQsendPrepare(handle_.get(), prepared.server_name.c_str(),
                                    prepared.sql.c_str(), 0, nullptr) == 1;
    prepared_.insert_or_assign(std::string(operation->name), std::move(prepared));
    return sent;
}

void Connection::forget_prepared() {
    prepared_.clear();
    prepared_on_server_ = 0;
}

void Connection::forget_prepared(const Operation& operation) {
    const auto known = prepared_.find(operation.name);
    if (known != prepared_.end() && known->second.server_name == operation.server_name) {
        prepared_.erase(known);
    }
}

bool Connection::send_sync(OperationPointer write) {
    group_open_ = false;
    expected_.push_back({Expect::sync, std::move(write)});
    return PQpipelineSync(handle_.get()) == 1;
}

void Connection::flush() {
    const int left = PQflush(handle_.get());
    if (left < 0) {
        lose(Error(Errc::connection_lost, message_of(handle_.get())));
        return;
    }
    flush_pending_ = left == 1;
    if (flush_pending_) {
        watch_.want_write();
    }
    update_accepting();
}

void Connection::socket_ready() {
    const auto self = shared_from_this();
    if (broken_ || direct_) {
        return;
    }
    const bool alive = PQconsumeInput(handle_.get()) == 1;
    read_results();
    if (broken_) {
        return;
    }
    if (!alive) {
        lose(Error(Errc::connection_lost, message_of(handle_.get())));
        return;
    }
    read_notifications();
    if (!broken_ && flush_pending_) {
        flush();
    }
    watch_.want_read();
}

void Connection::read_notifications() {
    while (!broken_) {
        PGnotify* notification = PQnotifies(handle_.get());
        if (notification == nullptr) {
            return;
        }
        const std::unique_ptr<PGnotify, void (*)(void*)> owned(notification, PQfreemem);
        if (owner_ != nullptr) {
            owner_->notified(notification->relname, notification->extra);
        }
    }
}

Result<void> Connection::enter_direct() {
    if (broken_ || !expected_.empty() || group_open_) {
        return fail(Errc::connection_lost, "the connection was lost before");
    }
    if (PQexitPipelineMode(handle_.get()) != 1) {
        return fail(Errc::unexpected_answer, message_of(handle_.get()));
    }
    direct_ = true;
    return {};
}

Result<void> Connection::leave_direct() {
    if (!broken_ && PQenterPipelineMode(handle_.get()) != 1) {
        lose(Error(Errc::connection_lost, message_of(handle_.get())));
    }
    direct_ = false;
    if (broken_) {
        return fail(Errc::connection_lost, "the connection was lost");
    }
    watch_.want_read();
    return {};
}

}  // namespace pgmind::postgres
