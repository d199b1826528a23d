#include "platform/http/client_connection.hpp"

#include <charconv>

#include "platform/http/errors.hpp"
#include "platform/http/request_parser.hpp"

namespace pgmind::http {
namespace {

constexpr std::size_t kHeadBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kPartBytesMax = std::size_t{64} * 1024;
constexpr unsigned kInterimResponsesMax = 16;

Error lost(const Deadline& deadline, const IoError& error) {
    if (deadline.passed()) {
        return {Errc::timed_out, "the server did not answer in time"};
    }
    return {Errc::closed, "the connection to the server was lost: " +
                              (error ? error.message() : std::string("closed"))};
}

Error bad_response(std::string detail) {
    return {Errc::bad_response, std::move(detail)};
}

}  // namespace

struct AbortAt::State {
    State(Stream& to_abort, Executor executor) : stream(&to_abort), timer(executor) {}
    Stream* stream;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer;
};

AbortAt::AbortAt(Stream& stream, Deadline deadline)
    : state_(std::make_shared<State>(stream, stream.socket().get_executor())) {
    state_->timer.expires_at(deadline.when());
    state_->timer.async_wait([state = state_](const IoError& error) {
        if (!error && state->stream != nullptr) {
            state->stream->abort();
        }
    });
}

AbortAt::~AbortAt() {
    state_->stream = nullptr;
    state_->timer.cancel();
}

bool ClientRequest::is_idempotent() const {
    return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
           method == "OPTIONS";
}

Task<Result<Response>> ClientConnection::exchange(ClientRequest& request, Deadline deadline) {
    const AbortAt abort_at(stream_, deadline);
    reusable_ = answered_ = all_sent_ = false;
    to_head_request_ = request.method == "HEAD";
    auto sent = co_await send(request, deadline);
    if (!sent && !stream_.has_input()) {
        co_return fail(sent.error());
    }
    // A server may refuse a body before it has all of it: then its answer is what counts.
    auto response = co_await receive(request, deadline);
    if (!response && !sent) {
        co_return fail(sent.error());
    }
    co_return response;
}

Task<Result<void>> ClientConnection::send(ClientRequest& request, Deadline deadline) {
    const Pieces pieces = {request.head, request.body, ""};
    auto sent = co_await write(pieces, deadline);
    if (sent && request.source) {
        sent = co_await send_chunks(request.source, deadline);
    } else {
        all_sent_ = sent.has_value();
    }
    co_return sent;
}

Task<Result<void>> ClientConnection::send_chunks(BodySource& source, Deadline deadline) {
    while (true) {
        // Under TLS input may be a session ticket, so only plain text tells of an early answer.
        if (!stream_.is_secure() && stream_.has_input()) {
            co_return Result<void>();
        }
        auto part = co_await source();
        if (!part) {
            co_return fail(part.error());
        }
        if (!*part) {
            const Pieces last = {"0\r\n\r\n", "", ""};
            auto sent = co_await write(last, deadline);
            all_sent_ = sent.has_value();
            co_return sent;
        }
        const std::string& chunk = **part;
        if (chunk.empty()) {
            continue;
        }
        std::array<char, 20> size{};
        char* end = std::to_chars(size.data(), size.data() + 16, chunk.size(), 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        const std::string_view prefix(size.data(), static_cast<std::size_t>(end - size.data()));
        const Pieces pieces = {prefix, chunk, "\r\n"};
        auto sent = co_await write(pieces, deadline);
        if (!sent) {
            co_return sent;
        }
    }
}

Task<Result<void>> ClientConnection::write(Pieces pieces, Deadline deadline) {
    if (deadline.passed()) {
        co_return fail(lost(deadline, {}));
    }
    const IoError error = co_await stream_.write(pieces);
    if (error) {
        co_return fail(lost(deadline, error));
    }
    co_return Result<void>();
}

Task<Result<bool>> ClientConnection::fill(Deadline deadline) {
    if (deadline.passed()) {
        co_return fail(lost(deadline, {}));
    }
    const std::span<char> space = input_.prepare(kPartBytesMax);
    if (space.empty()) {
        co_return fail(bad_response("the server's answer is malformed"));
    }
    const Stream::Outcome outcome = co_await stream_.read_some(space);
    if (outcome.error) {
        co_return fail(lost(deadline, outcome.error));
    }
    input_.commit(outcome.bytes);
    answered_ = answered_ || outcome.bytes > 0;
    co_return outcome.bytes > 0;
}

Task<Result<void>> ClientConnection::receive_head(Deadline deadline) {
    HeadScanner scanner;
    while (true) {
        const HeadScanner::State state = scanner.scan(input_.view());
        if (state == HeadScanner::State::complete) {
            break;
        }
        if (state != HeadScanner::State::incomplete || input_.size() >= kHeadBytesMax) {
            co_return fail(bad_response("the head of the server's answer is malformed"));
        }
        auto more = co_await fill(deadline);
        if (!more) {
            co_return fail(more.error());
        }
        if (!*more) {
            co_return fail(lost(deadline, {}));
        }
    }
    parser_.emplace(to_head_request_);
    if (!parser_->parse_head(input_.view().substr(0, scanner.length()))) {
        co_return fail(bad_response("the head of the server's answer is malformed"));
    }
    input_.consume(scanner.length());
    co_return Result<void>();
}

Task<Result<Response>> ClientConnection::receive(ClientRequest& request, Deadline deadline) {
    for (unsigned interim = 0; interim < kInterimResponsesMax; ++interim) {
        auto head = co_await receive_head(deadline);
        if (!head) {
            co_return fail(head.error());
        }
        if (parser_->status() >= 200) {
            Response response;
            response.status = parser_->status();
            response.headers = parser_->take_headers();
            auto body = co_await receive_body(request, response, deadline);
            if (!body) {
                co_return fail(body.error());
            }
            reusable_ = parser_->keeps_alive() && input_.empty() && all_sent_;
            co_return response;
        }
        if (parser_->status() == 101) {
            break;
        }
    }
    co_return fail(bad_response("the server does not come to its answer"));
}

Task<Result<void>> ClientConnection::receive_body(ClientRequest& request, Response& response,
                                                  Deadline deadline) {
    const bool to_sink = request.sink && response.status < 400;
    while (!parser_->body_done()) {
        std::string part;
        const auto consumed = parser_->parse_body(input_.view(), to_sink ? part : response.body);
        if (!consumed) {
            co_return fail(bad_response("the body of the server's answer is malformed"));
        }
        input_.consume(*consumed);
        if (response.body.size() > request.response_bytes_max) {
            co_return fail(bad_response("the server's answer is longer than " +
                                        std::to_string(request.response_bytes_max) + " bytes"));
        }
        if (!part.empty()) {
            auto taken = co_await request.sink(part);
            if (!taken) {
                co_return taken;
            }
        }
        if (parser_->body_done()) {
            break;
        }
        auto more = co_await fill(deadline);
        if (!more) {
            co_return fail(more.error());
        }
        if (!*more && !parser_->end_of_input()) {
            co_return fail(lost(deadline, {}));
        }
    }
    co_return Result<void>();
}

}  // namespace pgmind::http
