#include "platform/http/connection.hpp"
#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

constexpr std::size_t kPartBytesMax = std::size_t{64} * 1024;
// What may stand between two parts of a body: a chunk's size line, or the trailers.
constexpr std::size_t kChunkHeadBytesMax = std::size_t{16} * 1024;
// How far ahead of the handler a pipelining client is read.
constexpr std::size_t kWatchBytesMax = std::size_t{16} * 1024;
// A whole body must on average arrive this fast, so that a drop a minute cannot hold a connection.
constexpr std::int64_t kBodyBytesPerSecondMin = 4096;

}  // namespace

// Reads at least one byte into input_, or sets end_of_input_, or fails.
Task<IoError> Connection::fill(std::size_t capacity_max) {
    if (end_of_input_) {
        co_return watch_error_;
    }
    if (watching_) {
        reader_waits_ = true;
        co_await watch_done_->wait();
        reader_waits_ = false;
        co_return watch_error_;
    }
    const std::span<char> space = input_.prepare(capacity_max);
    if (space.empty()) {
        co_return boost::asio::error::no_buffer_space;
    }
    reading_ = true;
    const Stream::Outcome outcome = co_await stream_.read_some(space);
    reading_ = false;
    input_.commit(outcome.bytes);
    end_of_input_ = outcome.bytes == 0 && !outcome.error;
    co_return outcome.error;
}

// Appends the next bytes of the body as they were sent; none at its end.
Task<Result<void>> Connection::read_raw(std::string& raw, SteadyTime until) {
    const std::size_t before = raw.size();
    while (!parser_->body_done()) {
        const auto consumed = parser_->parse_body(input_.view(), raw);
        const bool endless = consumed == 0U && input_.size() >= kChunkHeadBytesMax;
        if (!consumed || endless) {
            body_broken_ = true;
            co_return fail(Errc::malformed, "the chunks of the body are malformed");
        }
        input_.consume(*consumed);
        if (raw.size() > before || parser_->body_done()) {
            break;
        }
        if (continue_owed_) {
            continue_owed_ = false;
            const Pieces interim = {"HTTP/1.1 100 Continue\r\n\r\n", "", ""};
            auto sent = co_await send(interim);
            if (!sent) {
                co_return sent;
            }
        }
        wait_until(until);
        const IoError error = co_await fill(kPartBytesMax);
        stop_waiting();
        if (timed_out_) {
            auto failed = co_await body_timed_out();
            co_return failed;
        }
        if (error || end_of_input_) {
            body_broken_ = true;
            fire_on_close();
            co_return fail(Errc::closed, "the client went away inside the body");
        }
    }
    continue_owed_ = false;
    co_return Result<void>();
}

// The client is at fault, not the handler: the server says so itself.
Task<Result<void>> Connection::body_timed_out() {
    body_broken_ = true;
    must_linger_ = true;
    if (answer_ == Answer::none) {
        Response response = problem_response(408, "the body did not arrive in time", head_);
        co_await send_response(std::move(response));
        answered_by_server_ = true;
    }
    co_return fail(Errc::timed_out, "the body did not arrive in time");
}

// Appends the next decoded bytes of the body, at most `bytes_max` (a part as received may be larger
// only without gzip, up to kPartBytesMax). False at the end of the body.
Task<Result<bool>> Connection::read_part(std::string& part, std::size_t bytes_max,
                                         SteadyTime until) {
    const std::size_t before = part.size();
    while (part.size() == before) {
        if (gunzip_ && !gunzip_->needs_input()) {
            auto taken = gunzip_->take(part, bytes_max);
            if (!taken) {
                co_return fail(taken.error());
            }
            continue;
        }
        if (parser_->body_done()) {
            if (gunzip_ && !gunzip_->complete()) {
                co_return fail(Errc::malformed, "the body ends inside its gzip encoding");
            }
            co_return false;
        }
        std::string encoded;
        auto read = co_await read_raw(gunzip_ ? encoded : part, until);
        if (!read) {
            co_return fail(read.error());
        }
        if (gunzip_) {
            gunzip_->give(std::move(encoded));
        }
    }
    co_return true;
}

Task<Result<std::string>> Connection::read_body(std::size_t bytes_max) {
    const Error too_large(Errc::payload_too_large,
                          "the body may have " + std::to_string(bytes_max) + " bytes");
    const std::uint64_t announced = parser_->body_bytes_left().value_or(0);
    if (!gunzip_ && announced > bytes_max) {
        co_return fail(too_large);
    }
    std::string body;
    if (!gunzip_) {
        body.reserve(std::min<std::size_t>(announced, kPartBytesMax));
    }
    const SteadyTime begin = std::chrono::steady_clock::now();
    const auto patience = worker_->options().body_timeout;
    while (true) {
        const SteadyTime at_pace =
            begin + patience +
            std::chrono::seconds(static_cast<std::int64_t>(body.size()) / kBodyBytesPerSecondMin);
        const SteadyTime until = std::min(std::chrono::steady_clock::now() + patience, at_pace);
        const std::size_t part_max = std::min(kPartBytesMax, bytes_max - body.size()) + 1;
        auto more = co_await read_part(body, part_max, until);
        if (!more) {
            co_return fail(more.error());
        }
        if (body.size() > bytes_max) {
            co_return fail(too_large);
        }
        if (!*more) {
            co_return body;
        }
    }
}

Task<Result<std::optional<std::string>>> Connection::read_chunk() {
    std::string part;
    const SteadyTime until = std::chrono::steady_clock::now() + worker_->options().body_timeout;
    auto more = co_await read_part(part, kPartBytesMax, until);
    if (!more) {
        co_return fail(more.error());
    }
    if (!*more) {
        co_return std::nullopt;
    }
    co_return std::optional<std::string>(std::move(part));
}

// Reads what the handler left of the body; false when that is too much, or fails.
Task<bool> Connection::skip_body(std::size_t bytes_max) {
    std::size_t skipped = 0;
    const SteadyTime until = std::chrono::steady_clock::now() + worker_->options().body_timeout;
    while (!parser_->body_done()) {
        std::string part;
        auto read = co_await read_raw(part, until);
        skipped += part.size();
        if (!read || skipped > bytes_max) {
            co_return false;
        }
    }
    co_return true;
}

void Connection::notify_disconnect(std::function<void()> on_close) {
    on_close_ = std::move(on_close);
    if (end_of_input_ || closed_) {
        fire_on_close();
    }
}

// Watching costs a coroutine and a read, and most requests are answered before the next sweep: so
// it begins with the sweep.
void Connection::on_sweep() {
    const bool wanted = on_close_ && !end_of_input_ && !closed_;
    if (wanted && !watching_ && !reading_ && input_.size() < kWatchBytesMax) {
        watching_ = true;
        watch_done_.emplace(worker_->executor());
        async::spawn(worker_->executor(), watch(shared_from_this()));
    }
}

// Reads ahead while the handler works: the only way to hear that the client has gone. It reads into
// space of its own, since the handler may meanwhile take from input_.
Task<void> Connection::watch(std::shared_ptr<Connection> self) {
    std::array<char, 512> space;
    while (true) {
        const Stream::Outcome outcome = co_await self->stream_.read_some(space);
        if (outcome.error || outcome.bytes == 0) {
            self->end_of_input_ = true;
            self->watch_error_ = outcome.error;
            self->fire_on_close();
            break;
        }
        self->input_.append({space.data(), outcome.bytes});
        const bool go_on =
            self->on_close_ && !self->reader_waits_ && self->input_.size() < kWatchBytesMax;
        if (!go_on) {
            break;
        }
    }
    self->watching_ = false;
    self->watch_done_->notify_all();
}

void Connection::fire_on_close() {
    if (on_close_) {
        const std::function<void()> on_close = std::move(on_close_);
        on_close_ = nullptr;
        on_close();
    }
}

}  // namespace pgmind::http
