#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/blocking_pool.hpp"
#include "async/task.hpp"
#include "platform/http/message.hpp"

namespace pgmind::http {

struct ClientOptions {
    std::string base_url;  ///< http://host:port or https://host:port, with an optional path prefix
    std::string tls_ca_file;  ///< empty: the system's certificate authorities
    std::size_t response_bytes_max = std::size_t{64} * 1024 * 1024;
    std::size_t connections_max = 4;  ///< open at once; kept alive and reused
};

/// The next part of a request body, nullopt at its end.
using BodySource = std::function<Task<Result<std::optional<std::string>>>()>;
/// Takes the next part of a response body.
using BodySink = std::function<Task<Result<void>>(std::string_view)>;

/// An HTTP/1.1 client for one server. Belongs to one loop; not thread-safe. No redirects are
/// followed. Names are resolved off the loop. With https the server must prove its name by a
/// certificate of a trusted authority. Errors are those of errors.hpp.
class Client {
  public:
    /// Fails on a URL that is not http(s), or a CA file that cannot be read.
    static Result<Client> make(boost::asio::io_context& loop, async::BlockingPool& blocking,
                               ClientOptions options);
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    /// `target` is the path and query, already percent-encoded. Connects when no connection is
    /// kept; waits for one when all are in use. A request that is lost with a kept connection
    /// before any answer is sent once more if carrying it out twice does no harm (not POST or
    /// PATCH); else a lost connection is Errc::outcome_unknown. Any status is a success: the caller
    /// judges it.
    Task<Result<Response>> send(std::string method, std::string target, Headers headers,
                                std::string body, Deadline deadline);

    /// Streams the request body from `source` (chunked) when given, and gives the response body to
    /// `sink` when given (Response::body then stays empty; error bodies (status >= 400) go to
    /// body).
    Task<Result<Response>> stream(std::string method, std::string target, Headers headers,
                                  BodySource source, BodySink sink, Deadline deadline);

  private:
    class Implementation;
    explicit Client(std::shared_ptr<Implementation> implementation);
    std::shared_ptr<Implementation> implementation_;  ///< shared with the calls under way
};

}  // namespace pgmind::http
