#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "integration/adapters/mcp/outlet.hpp"
#include "integration/adapters/mcp/session.hpp"

namespace pgmind::integration::mcp {

struct Answer {
    unsigned status = 200;
    http::Headers headers;
    std::string body;  ///< a JSON-RPC message; empty: none
    std::string_view outcome = "ok";
    std::string required_scope;
};

/// How the answer to one request travels, with what is said before it. Belongs to the engine's
/// loop. finish() or drop() comes last, once.
class Reply {
  public:
    virtual ~Reply() = default;
    /// True when send() reaches the client: it takes streams, and not too much is waiting.
    virtual bool can_send() const = 0;
    /// A notification or a request, before the answer. The first one makes the answer a stream.
    virtual void send(std::string message) = 0;
    virtual void finish(Answer answer) = 0;
    /// Ends without an answer: the client has cancelled.
    virtual void drop() = 0;
    /// Breaks the connection off; the client takes the stream up again where it broke. Does
    /// nothing where streams cannot be resumed.
    virtual void interrupt() {}
};

/// Straight to the connection; what is not delivered is lost.
std::unique_ptr<Reply> make_direct_reply(std::shared_ptr<Outlet> outlet);
/// Through the session, which keeps the stream for a client that lost its connection.
std::unique_ptr<Reply> make_session_reply(std::shared_ptr<Session> session,
                                          std::shared_ptr<Outlet> outlet);

/// Gathers the answers of a batch and sends them as one array.
class Batch;
std::shared_ptr<Batch> make_batch(std::shared_ptr<Outlet> outlet, std::size_t answers_due);
std::unique_ptr<Reply> make_batch_reply(std::shared_ptr<Batch> batch);

}  // namespace pgmind::integration::mcp
