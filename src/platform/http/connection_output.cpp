#include <charconv>

#include "platform/http/connection.hpp"
#include "platform/http/errors.hpp"

namespace pgmind::http {
namespace {

constexpr std::size_t kUnreadBodyBytesMax = std::size_t{64} * 1024;
// Each slice has the whole write timeout, so a large answer may take long as long as it moves.
constexpr std::size_t kSliceBytes = std::size_t{64} * 1024;

bool never_has_body(unsigned status) {
    return status < 200 || status == 204 || status == 304;
}

std::size_t size_of(const Pieces& pieces) {
    return pieces[0].size() + pieces[1].size() + pieces[2].size();
}

std::optional<std::uint64_t> announced_length(const Headers& headers) {
    const auto text = headers.find("Content-Length");
    std::uint64_t length = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), length).ptr !=
                     text->data() + text->size()) {
        return std::nullopt;
    }
    return length;
}

}  // namespace

Error Connection::closed_error() const {
    return timed_out_ ? Error(Errc::timed_out, "the client does not read its answer")
                      : Error(Errc::closed, "the client has gone away");
}

// Decides how the answer ends and whether another request may follow it.
ResponseFrame Connection::frame_for(unsigned status, std::optional<std::uint64_t> length) {
    const bool http_1_0 = parser_ && parser_->is_http_1_0();
    ResponseFrame frame;
    if (never_has_body(status)) {
        frame.framing = Framing::none;
    } else if (length) {
        frame.framing = Framing::length;
        frame.length = *length;
    } else {
        frame.framing = http_1_0 ? Framing::until_close : Framing::chunked;
    }
    if (parser_ && !parser_->body_done()) {
        const auto left = parser_->body_bytes_left();
        keep_alive_ = keep_alive_ && !continue_owed_ && left.value_or(0) <= kUnreadBodyBytesMax;
    }
    const bool no_more_requests = end_of_input_ && input_.empty();
    keep_alive_ = keep_alive_ && !body_broken_ && !no_more_requests && !worker_->draining() &&
                  frame.framing != Framing::until_close;
    frame.close = !keep_alive_;
    frame.keep_alive = http_1_0 && keep_alive_;
    return frame;
}

Result<void> Connection::check_answer(unsigned status, const Headers& headers) {
    if (answered_by_server_ || closed_) {
        return fail(closed_error());
    }
    if (answer_ != Answer::none) {
        return fail(Errc::misuse, "a request is answered once");
    }
    if (status < 200 || status > 599 || !can_be_sent(headers)) {
        return fail(Errc::misuse, "the answer has a status or a header that cannot be sent");
    }
    return {};
}

Task<Result<void>> Connection::respond(Response response) {
    auto checked = check_answer(response.status, response.headers);
    if (!checked) {
        co_return checked;
    }
    auto sent = co_await send_response(std::move(response));
    co_return sent;
}

Task<Result<void>> Connection::send_response(Response response) {
    answer_ = Answer::done;
    const bool head_only = head_.method == "HEAD";
    if (equals_ignoring_case(response.headers.find("Connection").value_or(""), "close")) {
        keep_alive_ = false;
    }
    bool compress = false;
    if (is_worth_compressing(response)) {
        response.headers.add("Vary", "Accept-Encoding");
        compress = accepts_gzip(head_.headers.find("Accept-Encoding").value_or(""));
    }
    if (compress) {
        response.headers.add("Content-Encoding", "gzip");
        if (!head_only) {
            response.body = gzip(response.body);
        }
    }
    std::uint64_t length = response.body.size();
    if (head_only && response.body.empty()) {
        length = announced_length(response.headers).value_or(0);
    }
    ResponseFrame frame = frame_for(response.status, length);
    if (head_only && compress) {
        frame.framing = Framing::none;  // the length of what GET would send is not known
    }
    output_.clear();
    append_response_head(output_, response.status, response.headers, frame, worker_->date());
    const bool with_body = !head_only && frame.framing != Framing::none;
    const Pieces pieces = {output_, with_body ? std::string_view(response.body) : "", ""};
    auto sent = co_await send(pieces);
    co_return sent;
}

Task<Result<void>> Connection::send(Pieces pieces) {
    if (closed_) {
        co_return fail(closed_error());
    }
    const std::size_t size = size_of(pieces);
    IoError error;
    std::size_t sent = size <= kSliceBytes ? stream_.try_write(pieces, error) : 0;
    if (!error && sent < size) {
        error = co_await send_rest(pieces, sent);
    }
    if (error) {
        keep_alive_ = false;
        Error closed = closed_error();
        disconnect();
        co_return fail(std::move(closed));
    }
    co_return Result<void>();
}

Task<IoError> Connection::send_rest(Pieces pieces, std::size_t skip) {
    for (std::string_view& piece : pieces) {
        const std::size_t cut = std::min(skip, piece.size());
        piece.remove_prefix(cut);
        skip -= cut;
    }
    // The head goes out with the first slice of the body.
    const std::string_view last = pieces[2];
    std::string_view body = pieces[1];
    Pieces slice = {pieces[0], body.substr(0, kSliceBytes), ""};
    while (true) {
        body.remove_prefix(slice[1].size());
        if (body.empty()) {
            slice[2] = last;
        }
        wait_until(std::chrono::steady_clock::now() + worker_->options().write_timeout,
                   WhenLate::abort);
        const IoError error = co_await stream_.write(slice);
        stop_waiting();
        if (error || body.empty()) {
            co_return error;
        }
        slice = {"", body.substr(0, kSliceBytes), ""};
    }
}

Task<Result<void>> Connection::start(unsigned status, Headers headers) {
    auto checked = check_answer(status, headers);
    if (!checked) {
        co_return checked;
    }
    answer_ = Answer::streaming;
    const auto length = announced_length(headers);
    const ResponseFrame frame = frame_for(status, length);
    framing_ = head_.method == "HEAD" ? Framing::none : frame.framing;
    length_left_ = length.value_or(0);
    output_.clear();
    append_response_head(output_, status, headers, frame, worker_->date());
    const Pieces pieces = {output_, "", ""};
    auto sent = co_await send(pieces);
    co_return sent;
}

Task<Result<void>> Connection::write(std::string_view chunk) {
    if (answer_ != Answer::streaming) {
        co_return fail(answered_by_server_ || closed_
                           ? closed_error()
                           : Error(Errc::misuse, "write() comes between start() and finish()"));
    }
    if (chunk.empty() || framing_ == Framing::none) {
        co_return Result<void>();
    }
    if (framing_ == Framing::length && chunk.size() > length_left_) {
        co_return fail(Errc::misuse, "more was written than Content-Length says");
    }
    length_left_ -= std::min<std::uint64_t>(chunk.size(), length_left_);
    std::array<char, 20> size{};
    std::string_view prefix;
    std::string_view suffix;
    if (framing_ == Framing::chunked) {
        char* end = std::to_chars(size.data(), size.data() + 16, chunk.size(), 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        prefix = {size.data(), static_cast<std::size_t>(end - size.data())};
        suffix = "\r\n";
    }
    const Pieces pieces = {prefix, chunk, suffix};
    auto sent = co_await send(pieces);
    co_return sent;
}

Task<Result<void>> Connection::finish() {
    if (answer_ != Answer::streaming) {
        co_return fail(answered_by_server_ || closed_
                           ? closed_error()
                           : Error(Errc::misuse, "finish() comes after start(), once"));
    }
    if (framing_ == Framing::length && length_left_ > 0) {
        co_return fail(Errc::misuse, "less was written than Content-Length says");
    }
    answer_ = Answer::done;
    if (framing_ != Framing::chunked) {
        co_return Result<void>();
    }
    const Pieces pieces = {"0\r\n\r\n", "", ""};
    auto sent = co_await send(pieces);
    co_return sent;
}

}  // namespace pgmind::http
