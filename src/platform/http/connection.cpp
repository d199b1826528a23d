#include "platform/http/connection.hpp"

#include "platform/telemetry/log.hpp"

namespace pgmind::http {
namespace {

constexpr std::size_t kUnreadBodyBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kOutputBytesKept = 4096;
constexpr std::size_t kLingerBytesMax = std::size_t{16} * 1024 * 1024;
constexpr std::chrono::seconds kLingerTime{2};

// Ends the life of a connection in the worker's books, however its coroutine ends.
class Registration {
  public:
    Registration(ServerWorker& worker, Connection& connection)
        : worker_(worker), connection_(connection) {
        worker_.add(connection_);
    }
    ~Registration() {
        connection_.close();
        worker_.remove(connection_);
    }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

  private:
    ServerWorker& worker_;
    Connection& connection_;
};

}  // namespace

Connection::Connection(std::shared_ptr<ServerWorker> worker, Stream stream,
                       std::string remote_address)
    : worker_(std::move(worker)), stream_(std::move(stream)) {
    head_.remote_address = std::move(remote_address);
    head_.secure = stream_.is_secure();
}

Connection::~Connection() = default;

Task<void> Connection::serve(std::shared_ptr<Connection> self, AddressCounts::Place place) {
    const AddressCounts::Place held = std::move(place);
    {
        const Registration registration(*self->worker_, *self);
        try {
            co_await self->run();
        } catch (const std::exception& error) {
            log::error("connection ended by an exception", {{"error", error.what()}});
        }
    }
    self->worker_->shared().connections_open.fetch_sub(1, std::memory_order_relaxed);
}

Task<void> Connection::turn_away(std::shared_ptr<Connection> self, Refusal refusal) {
    {
        const Registration registration(*self->worker_, *self);
        // A handshake is work that a server at its limit should not do.
        if (!self->stream_.is_secure()) {
            self->begin_request();
            co_await self->refuse(std::move(refusal));
            co_await self->linger();
        }
    }
    self->worker_->shared().turning_away.fetch_sub(1, std::memory_order_relaxed);
}

Task<void> Connection::run() {
    if (stream_.is_secure()) {
        wait_until(std::chrono::steady_clock::now() + worker_->options().header_timeout,
                   WhenLate::abort);
        const IoError error = co_await stream_.handshake();
        if (error) {
            co_return;
        }
        head_.peer_certificate = stream_.tls().peer_certificate();
    }
    do {
        const HeadOutcome outcome = co_await read_head();
        if (outcome != HeadOutcome::request) {
            break;
        }
        co_await serve_request();
    } while (keep_alive_ && !closed_);
    if ((must_linger_ || !input_.empty()) && !closed_) {
        co_await linger();
    }
}

void Connection::begin_request() {
    head_.method.clear();
    head_.headers.clear();
    head_.segments.clear();
    head_.query.clear();
    if (output_.capacity() > kOutputBytesKept) {
        output_ = std::string();
    }
    input_.shrink();
    parser_.reset();
    scanner_.reset();
    gunzip_.reset();
    answer_ = Answer::none;
    framing_ = Framing::none;
    continue_owed_ = false;
    body_broken_ = false;
    answered_by_server_ = false;
    must_linger_ = false;
}

Task<Connection::HeadOutcome> Connection::read_head() {
    begin_request();
    const ServerOptions& options = worker_->options();
    idle_ = input_.empty();
    const bool between_requests = idle_ && served_any_;
    wait_until(std::chrono::steady_clock::now() +
               (between_requests ? options.keep_alive_timeout : options.header_timeout));
    while (true) {
        if (auto refusal = examine_head()) {
            const HeadOutcome outcome = co_await refuse(std::move(*refusal));
            co_return outcome;
        }
        if (parser_) {
            stop_waiting();
            co_return HeadOutcome::request;
        }
        if (closed_ || (idle_ && worker_->draining())) {
            co_return HeadOutcome::closed;
        }
        const IoError error = co_await fill(options.header_bytes_max);
        if (timed_out_ && !idle_) {
            Refusal refusal{408, "the head of the request did not arrive in time"};
            const HeadOutcome outcome = co_await refuse(std::move(refusal));
            co_return outcome;
        }
        if (error || end_of_input_) {
            co_return HeadOutcome::closed;
        }
        if (idle_ && !input_.empty()) {
            idle_ = false;
            if (between_requests) {
                wait_until(std::chrono::steady_clock::now() + options.header_timeout);
            }
        }
    }
}

// Parses the head once it is complete; a refusal when it cannot become a request.
std::optional<Refusal> Connection::examine_head() {
    // RFC 9112 section 2.2: an empty line before the request line is skipped.
    while (!scanner_.has_request_line() && input_.view().starts_with("\r\n")) {
        input_.consume(2);
        scanner_.reset();
    }
    const std::size_t bytes_max = worker_->options().header_bytes_max;
    const HeadScanner::State state = scanner_.scan(input_.view());
    if (state == HeadScanner::State::bare_line_feed) {
        return Refusal{400, "each line of the head must end in CR LF"};
    }
    if (state == HeadScanner::State::folded_line) {
        return Refusal{400, "a header field must stand on one line"};
    }
    const std::size_t size =
        state == HeadScanner::State::complete ? scanner_.length() : input_.size() + 1;
    if (size > bytes_max) {
        const unsigned status = scanner_.has_request_line() ? 431 : 414;
        return Refusal{status,
                       "the head of a request may have " + std::to_string(bytes_max) + " bytes"};
    }
    if (state == HeadScanner::State::incomplete) {
        return std::nullopt;
    }
    parser_.emplace(head_);
    auto refusal = parser_->parse_head(input_.view().substr(0, size));
    input_.consume(size);
    if (!refusal && !parser_->body_done()) {
        continue_owed_ = parser_->expects_continue();
        if (parser_->gzip()) {
            gunzip_.emplace();
        }
    }
    return refusal;
}

// What follows a request that was not understood cannot be told apart from it: close.
Task<Connection::HeadOutcome> Connection::refuse(Refusal refusal) {
    stop_waiting();
    idle_ = false;
    keep_alive_ = false;
    must_linger_ = true;
    parser_.reset();
    Response response = problem_response(refusal.status, refusal.detail, head_);
    if (refusal.status == 503 || refusal.status == 429) {
        response.headers.add("Retry-After", "1");
    }
    if (refusal.status == 415) {
        response.headers.add("Accept-Encoding", "gzip");
    }
    co_await send_response(std::move(response));
    co_return HeadOutcome::refused;
}

Task<void> Connection::serve_request() {
    idle_ = false;
    served_any_ = true;
    keep_alive_ = parser_->keeps_alive();
    worker_->count_request();
    bool threw = false;
    try {
        co_await worker_->handler()(*this);
    } catch (const std::exception& error) {
        threw = true;
        log::error("request handler threw", {{"path", head_.path}, {"error", error.what()}});
    }
    on_close_ = nullptr;
    if (answer_ == Answer::none) {
        if (!threw) {
            log::error("request handler gave no answer", {{"path", head_.path}});
        }
        Response response = problem_response(500, "the request could not be answered", head_);
        co_await send_response(std::move(response));
    } else if (answer_ == Answer::streaming) {
        // The client must know that the answer is cut: the last chunk is missing, and where the end
        // of the connection would pass for the end of the body, a reset does not.
        if (framing_ == Framing::until_close) {
            stream_.reset();
        }
        close();
        co_return;
    }
    if (parser_->body_done() || closed_) {
        co_return;
    }
    must_linger_ = true;
    if (keep_alive_) {
        keep_alive_ = co_await skip_body(kUnreadBodyBytesMax);
        must_linger_ = !keep_alive_;
    }
}

// A connection closed with input unread is reset, and a reset can overtake the answer on its way to
// the client: so say that nothing more is sent, then read until the client closes too.
Task<void> Connection::linger() {
    stream_.shutdown_send();
    wait_until(std::chrono::steady_clock::now() + kLingerTime);
    std::size_t skipped = 0;
    while (!end_of_input_ && !closed_ && skipped < kLingerBytesMax) {
        skipped += input_.size();
        input_.consume(input_.size());
        const IoError error = co_await fill(kUnreadBodyBytesMax);
        if (error) {
            break;
        }
    }
}

void Connection::on_deadline() {
    deadline_ = SteadyTime::max();
    timed_out_ = true;
    if (when_late_ == WhenLate::abort) {
        stream_.abort();
    } else {
        stream_.cancel();
    }
}

void Connection::disconnect() {
    close();
    fire_on_close();
}

void Connection::close() {
    closed_ = true;
    keep_alive_ = false;
    stop_waiting();
    stream_.close();
}

}  // namespace pgmind::http
