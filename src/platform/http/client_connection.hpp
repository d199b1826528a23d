#pragma once

#include <memory>
#include <string>

#include "platform/http/client.hpp"
#include "platform/http/input_buffer.hpp"
#include "platform/http/response_parser.hpp"
#include "platform/http/stream.hpp"

namespace pgmind::http {

/// A request on its way out; its texts outlive the exchange.
struct ClientRequest {
    std::string method;
    std::string head;  ///< request line and fields, complete
    std::string_view body;
    BodySource source;  ///< sends a chunked body instead
    BodySink sink;      ///< takes the body of a successful answer
    std::size_t response_bytes_max = 0;

    /// Carrying it out twice is like carrying it out once (RFC 9110 section 9.2.2).
    bool is_idempotent() const;
};

/// One connection of a client, carrying one exchange at a time. Belongs to one loop. After a
/// failure it must not be used again.
class ClientConnection {
  public:
    explicit ClientConnection(Stream stream) : stream_(std::move(stream)) {}

    Task<Result<Response>> exchange(ClientRequest& request, Deadline deadline);

    /// After an exchange: whether another one may follow.
    bool reusable() const { return reusable_; }
    /// Whether the server has closed the connection (or sent what nobody asked for) while it idled.
    bool went_stale() { return stream_.has_input(); }
    /// After a failed exchange: not one byte of an answer came.
    bool unanswered() const { return !answered_; }

  private:
    Task<Result<void>> send(ClientRequest& request, Deadline deadline);
    Task<Result<void>> send_chunks(BodySource& source, Deadline deadline);
    Task<Result<Response>> receive(ClientRequest& request, Deadline deadline);
    Task<Result<void>> receive_head(Deadline deadline);
    Task<Result<void>> receive_body(ClientRequest& request, Response& response, Deadline deadline);
    Task<Result<void>> write(Pieces pieces, Deadline deadline);
    /// Reads at least one byte; false at the end of input.
    Task<Result<bool>> fill(Deadline deadline);

    Stream stream_;
    InputBuffer input_;
    std::optional<ResponseParser> parser_;
    bool to_head_request_ = false;
    bool all_sent_ = false;
    bool answered_ = false;
    bool reusable_ = false;
};

/// Aborts the stream once a deadline passes, as long as it lives itself. Its loop only.
class AbortAt {
  public:
    AbortAt(Stream& stream, Deadline deadline);
    ~AbortAt();
    AbortAt(const AbortAt&) = delete;
    AbortAt& operator=(const AbortAt&) = delete;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace pgmind::http
