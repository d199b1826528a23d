#pragma once

#include <memory>
#include <optional>
#include <string>

#include "platform/http/content_coding.hpp"
#include "platform/http/input_buffer.hpp"
#include "platform/http/request_parser.hpp"
#include "platform/http/response_head.hpp"
#include "platform/http/server_worker.hpp"
#include "platform/http/stream.hpp"

namespace pgmind::http {

/// One accepted connection: reads requests one after another, hands each to the handler as an
/// Exchange, and answers in order. Lives on the loop of its worker; held by the coroutines that
/// work for it. While it waits for I/O, `deadline_` says until when; the worker's sweep enforces
/// it through on_deadline().
class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
  public:
    Connection(std::shared_ptr<ServerWorker> worker, Stream stream, std::string remote_address);
    ~Connection() override;

    /// Holds `place` until the connection has ended.
    static Task<void> serve(std::shared_ptr<Connection> self, AddressCounts::Place place);
    /// Answers a connection above a limit and closes it.
    static Task<void> turn_away(std::shared_ptr<Connection> self, Refusal refusal);

    // For the worker.
    SteadyTime deadline() const { return deadline_; }
    void on_deadline();
    void on_sweep();
    bool idle() const { return idle_; }
    /// Closes under a handler that may be at work, and tells it.
    void disconnect();
    void close();
    std::size_t index = 0;  ///< place in the worker's list

    // Exchange
    const RequestHead& head() const override { return head_; }
    Task<Result<std::string>> read_body(std::size_t bytes_max) override;
    Task<Result<std::optional<std::string>>> read_chunk() override;
    Task<Result<void>> respond(Response response) override;
    Task<Result<void>> start(unsigned status, Headers headers) override;
    Task<Result<void>> write(std::string_view chunk) override;
    Task<Result<void>> finish() override;
    bool started() const override { return answer_ != Answer::none; }
    void notify_disconnect(std::function<void()> on_close) override;
    bool draining() const override { return worker_->draining(); }

  private:
    enum class HeadOutcome { request, closed, refused };
    enum class Answer { none, streaming, done };

    // connection.cpp: the life of a connection
    Task<void> run();
    Task<HeadOutcome> read_head();
    std::optional<Refusal> examine_head();
    Task<HeadOutcome> refuse(Refusal refusal);
    Task<void> serve_request();
    Task<void> linger();
    void begin_request();

    // What passing the deadline does: cancel leaves the connection open for a last answer; abort is
    // for what takes several steps, between which there may be nothing to cancel.
    enum class WhenLate { cancel, abort };
    void wait_until(SteadyTime when, WhenLate when_late = WhenLate::cancel) {
        deadline_ = when;
        when_late_ = when_late;
        timed_out_ = false;
    }
    void stop_waiting() { deadline_ = SteadyTime::max(); }

    // connection_input.cpp: reading
    Task<IoError> fill(std::size_t capacity_max);
    Task<Result<void>> read_raw(std::string& raw, SteadyTime until);
    Task<Result<bool>> read_part(std::string& part, std::size_t bytes_max, SteadyTime until);
    Task<Result<void>> body_timed_out();
    Task<bool> skip_body(std::size_t bytes_max);
    static Task<void> watch(std::shared_ptr<Connection> self);
    void fire_on_close();

    // connection_output.cpp: answering
    ResponseFrame frame_for(unsigned status, std::optional<std::uint64_t> length);
    Result<void> check_answer(unsigned status, const Headers& headers);
    Task<Result<void>> send(Pieces pieces);
    Task<IoError> send_rest(Pieces pieces, std::size_t skip);
    Task<Result<void>> send_response(Response response);
    Error closed_error() const;

    std::shared_ptr<ServerWorker> worker_;
    Stream stream_;
    InputBuffer input_;
    HeadScanner scanner_;
    std::optional<RequestParser> parser_;
    RequestHead head_;
    std::string output_;

    SteadyTime deadline_ = SteadyTime::max();
    WhenLate when_late_ = WhenLate::cancel;
    bool timed_out_ = false;
    bool idle_ = false;
    bool closed_ = false;
    bool served_any_ = false;
    bool end_of_input_ = false;  ///< the peer has sent its last byte

    // Of the request being served.
    Answer answer_ = Answer::none;
    Framing framing_ = Framing::none;
    std::uint64_t length_left_ = 0;
    bool keep_alive_ = false;
    bool must_linger_ = false;
    bool continue_owed_ = false;
    bool body_broken_ = false;
    bool answered_by_server_ = false;
    std::optional<Gunzip> gunzip_;
    std::function<void()> on_close_;

    // A read that goes on while the handler works, so that a disconnect is seen.
    bool reading_ = false;
    bool watching_ = false;
    bool reader_waits_ = false;
    IoError watch_error_;
    std::optional<async::Notifier> watch_done_;
};

}  // namespace pgmind::http
