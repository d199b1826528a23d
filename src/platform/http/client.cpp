#include "platform/http/client.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/redirect_error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "async/notifier.hpp"
#include "platform/http/client_connection.hpp"
#include "platform/http/errors.hpp"
#include "platform/http/resolve.hpp"
#include "platform/http/response_head.hpp"

namespace pgmind::http {
namespace {

struct Origin {
    bool secure = false;
    std::string host;  ///< without brackets
    std::uint16_t port = 0;
    std::string authority;  ///< for the Host field
    std::string prefix;     ///< of every path, without a slash at its end
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && port != 0 ? std::optional(port) : std::nullopt;
}

Result<Origin> parse_origin(const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || (parsed->scheme_id() != boost::urls::scheme::http &&
                    parsed->scheme_id() != boost::urls::scheme::https)) {
        return fail(Errc::invalid_options, "not an http or https URL: " + url);
    }
    const bool secure = parsed->scheme_id() == boost::urls::scheme::https;
    const auto port = parsed->has_port() ? parse_port(parsed->port())
                                         : std::optional<std::uint16_t>(secure ? 443 : 80);
    if (parsed->encoded_host().empty() || parsed->has_userinfo() || parsed->has_query() ||
        parsed->has_fragment() || !port) {
        return fail(Errc::invalid_options,
                    "a server's URL has a host, and at most a port and a path: " + url);
    }
    Origin origin;
    origin.secure = secure;
    origin.host = parsed->host_address();
    origin.port = *port;
    origin.authority = std::string(parsed->encoded_host_and_port());
    origin.prefix = std::string(parsed->encoded_path());
    while (origin.prefix.ends_with('/')) {
        origin.prefix.pop_back();
    }
    return origin;
}

bool is_target(std::string_view target) {
    return target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
               return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
           });
}

bool is_method(std::string_view method) {
    return !method.empty() &&
           std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool has_length(const ClientRequest& request) {
    return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

}  // namespace

class Client::Implementation {
  public:
    Implementation(boost::asio::io_context& loop, async::BlockingPool& blocking,
                   ClientOptions options, Origin origin, std::optional<TlsContext> tls)
        : executor_(loop.get_executor()),
          blocking_(blocking),
          options_(std::move(options)),
          origin_(std::move(origin)),
          tls_(std::move(tls)),
          freed_(executor_) {}

    /// Sends the request on a connection of the pool; once more when a kept connection turns out to
    /// have been closed and nothing can have happened twice.
    Task<Result<Response>> exchange(ClientRequest& request, const std::string& target,
                                    const Headers& headers, Deadline deadline);

  private:
    /// A place in the pool and its connection; gives both back.
    class Lease {
      public:
        explicit Lease(Implementation& pool) : pool_(&pool) { ++pool.leased_; }
        ~Lease() { pool_->give_back(std::move(connection)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        std::unique_ptr<ClientConnection> connection;

      private:
        Implementation* pool_;
    };

    Result<void> make_head(ClientRequest& request, const std::string& target,
                           const Headers& headers) const;
    Task<Result<Response>> exchange_once(ClientRequest& request, bool& try_again,
                                         Deadline deadline);
    Task<bool> wait_for_place(Deadline deadline);
    std::unique_ptr<ClientConnection> take_kept();
    void give_back(std::unique_ptr<ClientConnection> connection);
    Task<Result<std::unique_ptr<ClientConnection>>> connect(Deadline deadline);
    Task<Result<std::unique_ptr<ClientConnection>>> connect_to(Tcp::endpoint endpoint,
                                                               Deadline deadline);
    std::string where() const { return origin_.host + ":" + std::to_string(origin_.port); }

    Executor executor_;
    async::BlockingPool& blocking_;
    ClientOptions options_;
    Origin origin_;
    std::optional<TlsContext> tls_;
    std::vector<std::unique_ptr<ClientConnection>> kept_;
    std::size_t leased_ = 0;
    async::Notifier freed_;
};

Result<void> Client::Implementation::make_head(ClientRequest& request, const std::string& target,
                                               const Headers& headers) const {
    if (!is_method(request.method) || !is_target(target) || !can_be_sent(headers)) {
        return fail(Errc::misuse, "the method, target or a header of a request cannot be sent");
    }
    std::string& head = request.head;
    head = request.method + " " + origin_.prefix + target +
           " HTTP/1.1\r\nHost: " + origin_.authority + "\r\n";
    for (const auto& [name, value] : headers) {
        if (!equals_ignoring_case(name, "Host") && !equals_ignoring_case(name, "Connection") &&
            !equals_ignoring_case(name, "Content-Length") &&
            !equals_ignoring_case(name, "Transfer-Encoding")) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
    }
    if (!headers.find("User-Agent")) {
        head += "User-Agent: pgmind\r\n";
    }
    if (request.source) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (has_length(request)) {
        head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    head += "\r\n";
    return {};
}

Task<Result<Response>> Client::Implementation::exchange(ClientRequest& request,
                                                        const std::string& target,
                                                        const Headers& headers, Deadline deadline) {
    auto made = make_head(request, target, headers);
    if (!made) {
        co_return fail(made.error());
    }
    request.response_bytes_max = options_.response_bytes_max;
    bool try_again = false;
    auto response = co_await exchange_once(request, try_again, deadline);
    if (try_again) {
        response = co_await exchange_once(request, try_again, deadline);
    }
    co_return response;
}

Task<Result<Response>> Client::Implementation::exchange_once(ClientRequest& request,
                                                             bool& try_again, Deadline deadline) {
    const bool has_place = co_await wait_for_place(deadline);
    if (!has_place) {
        co_return fail(Errc::timed_out, "all connections to " + where() + " are in use");
    }
    Lease lease(*this);
    lease.connection = take_kept();
    const bool was_kept = lease.connection != nullptr;
    if (!was_kept) {
        auto connected = co_await connect(deadline);
        if (!connected) {
            co_return fail(connected.error());
        }
        lease.connection = std::move(*connected);
    }
    auto response = co_await lease.connection->exchange(request, deadline);
    if (response) {
        co_return response;
    }
    const bool lost = response.error().code == make_error_code(Errc::closed);
    const bool unanswered = lost && lease.connection->unanswered();
    try_again = unanswered && was_kept && !try_again && request.is_idempotent() && !request.source;
    if (lost && !request.is_idempotent()) {
        response = fail(Errc::outcome_unknown,
                        response.error().detail + " (the request may have been carried out)");
    }
    co_return response;
}

Task<bool> Client::Implementation::wait_for_place(Deadline deadline) {
    while (leased_ >= options_.connections_max) {
        if (deadline.passed()) {
            co_return false;
        }
        co_await freed_.wait_until(deadline);
    }
    co_return true;
}

std::unique_ptr<ClientConnection> Client::Implementation::take_kept() {
    while (!kept_.empty()) {
        auto connection = std::move(kept_.back());
        kept_.pop_back();
        if (!connection->went_stale()) {
            return connection;
        }
    }
    return nullptr;
}

void Client::Implementation::give_back(std::unique_ptr<ClientConnection> connection) {
    --leased_;
    if (connection && connection->reusable()) {
        kept_.push_back(std::move(connection));
    }
    freed_.notify_all();
}

Task<Result<std::unique_ptr<ClientConnection>>> Client::Implementation::connect(Deadline deadline) {
    auto endpoints = co_await resolve(blocking_, origin_.host, origin_.port, deadline);
    if (!endpoints) {
        co_return fail(endpoints.error());
    }
    Result<std::unique_ptr<ClientConnection>> connected =
        fail(Errc::timed_out, "no time was left to connect to " + where());
    for (std::size_t i = 0; i < endpoints->size() && !deadline.passed(); ++i) {
        // An address that does not answer must leave time for the others.
        const auto share = deadline.remaining() / static_cast<int>(endpoints->size() - i);
        const Deadline mine = deadline.capped(share);
        connected = co_await connect_to((*endpoints)[i], mine);
        // Whoever answers at the first address would at the next.
        if (connected || connected.error().code == make_error_code(Errc::tls_failed)) {
            break;
        }
    }
    co_return connected;
}

Task<Result<std::unique_ptr<ClientConnection>>> Client::Implementation::connect_to(
    Tcp::endpoint endpoint, Deadline deadline) {
    Stream stream{Socket(executor_)};
    IoError error;
    auto token = boost::asio::redirect_error(async::use_task, error);
    stream.socket().open(endpoint.protocol(), error);
    if (error) {
        co_return fail(Errc::closed, "cannot open a socket: " + error.message());
    }
    const AbortAt abort_at(stream, deadline);
    co_await stream.socket().async_connect(endpoint, token);
    if (error) {
        const bool late = deadline.passed();
        co_return fail(
            late ? Errc::timed_out : Errc::closed,
            "cannot connect to " + where() + ": " + (late ? "no answer in time" : error.message()));
    }
    stream.socket().set_option(Tcp::no_delay(true), error);
    stream.socket().non_blocking(true, error);
    if (tls_) {
        auto session = tls_->connect(stream.socket().native_handle(), origin_.host);
        if (!session) {
            co_return fail(session.error());
        }
        stream.secure(std::move(*session));
        error = co_await stream.handshake();
        if (error) {
            co_return fail(deadline.passed() ? Errc::timed_out : Errc::tls_failed,
                           "no TLS with " + where() + ": " + stream.tls_failure());
        }
    }
    co_return std::make_unique<ClientConnection>(std::move(stream));
}

Result<Client> Client::make(boost::asio::io_context& loop, async::BlockingPool& blocking,
                            ClientOptions options) {
    auto origin = parse_origin(options.base_url);
    if (!origin) {
        return fail(origin.error());
    }
    std::optional<TlsContext> tls;
    if (origin->secure) {
        auto context = TlsContext::for_client(options.tls_ca_file);
        if (!context) {
            return fail(context.error());
        }
        tls = std::move(*context);
    }
    if (options.connections_max == 0) {
        return fail(Errc::invalid_options, "a client needs at least one connection");
    }
    return Client(std::make_shared<Implementation>(loop, blocking, std::move(options),
                                                   std::move(*origin), std::move(tls)));
}

Client::Client(std::shared_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Task<Result<Response>> Client::send(std::string method, std::string target, Headers headers,
                                    std::string body, Deadline deadline) {
    ClientRequest request;
    request.method = std::move(method);
    request.body = body;
    const auto pool = implementation_;
    auto response = co_await pool->exchange(request, target, headers, deadline);
    co_return response;
}

Task<Result<Response>> Client::stream(std::string method, std::string target, Headers headers,
                                      BodySource source, BodySink sink, Deadline deadline) {
    ClientRequest request;
    request.method = std::move(method);
    request.source = std::move(source);
    request.sink = std::move(sink);
    const auto pool = implementation_;
    auto response = co_await pool->exchange(request, target, headers, deadline);
    co_return response;
}

}  // namespace pgmind::http
