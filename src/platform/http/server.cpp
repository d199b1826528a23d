#include "platform/http/server.hpp"

#include <cerrno>
#include <optional>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include "async/when_all.hpp"
#include "platform/http/connection.hpp"
#include "platform/http/errors.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::http {
namespace {

using Acceptor = boost::asio::basic_socket_acceptor<Tcp, Executor>;

constexpr int kBacklog = 4096;
constexpr std::size_t kTurningAwayMax = 128;
constexpr std::chrono::milliseconds kAcceptPause{50};

Result<boost::asio::ip::address> parse_address(const std::string& text) {
    IoError error;
    auto address = boost::asio::ip::make_address(text == "localhost" ? "127.0.0.1" : text, error);
    if (error) {
        return fail(Errc::invalid_options, "cannot listen on " + text + ": not an IP address");
    }
    return address;
}

std::string to_text(const boost::asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
            .to_string();
    }
    return address.to_string();
}

Error cannot_listen(const Tcp::endpoint& endpoint, const IoError& error) {
    std::string why = error.message();
    if (error == boost::asio::error::address_in_use) {
        why = "another process uses this port";
    } else if (error == boost::asio::error::access_denied) {
        why = "not allowed (ports below 1024 need a privilege)";
    } else if (error.value() == EADDRNOTAVAIL) {
        why = "this machine does not have the address";
    }
    const std::string address = endpoint.address().is_v6()
                                    ? "[" + endpoint.address().to_string() + "]"
                                    : endpoint.address().to_string();
    return {Errc::closed,
            "cannot listen on " + address + ":" + std::to_string(endpoint.port()) + ": " + why};
}

Result<void> listen_on(Acceptor& acceptor, const Tcp::endpoint& endpoint) {
    IoError error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) {
        // Takes over a port whose last connections are still in TIME_WAIT, but never one that
        // somebody listens on (as SO_REUSEPORT would).
        acceptor.set_option(Acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(kBacklog, error);
    }
    if (error) {
        return fail(cannot_listen(endpoint, error));
    }
    return {};
}

// What accepting needs. The acceptor and the certificate belong to loop 0; the rest does not change
// after start().
struct Listening {
    explicit Listening(Executor executor) : acceptor(executor) {}

    Acceptor acceptor;
    std::optional<TlsContext> tls;
    std::shared_ptr<ServerShared> shared;
    std::vector<std::shared_ptr<ServerWorker>> workers;
    std::size_t next = 0;
};

// What is known before anything listens: where, and the certificate if there is one.
struct Prepared {
    Tcp::endpoint endpoint;
    std::optional<TlsContext> tls;
};

Result<Prepared> prepare(const ServerOptions& options) {
    const auto address = parse_address(options.address);
    if (!address) {
        return fail(address.error());
    }
    if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
        return fail(Errc::invalid_options, "TLS needs both a certificate and a key");
    }
    Prepared prepared{Tcp::endpoint(*address, options.port), std::nullopt};
    if (!options.tls_certificate_file.empty()) {
        auto tls = TlsContext::for_server(options.tls_certificate_file, options.tls_key_file,
                                          options.tls_client_ca_file);
        if (!tls) {
            return fail(tls.error());
        }
        prepared.tls = std::move(*tls);
    }
    return prepared;
}

Task<void> replace_certificate(std::shared_ptr<Listening> listening, TlsContext tls) {
    listening->tls = std::move(tls);
    co_return;
}

// Takes one of the places for connections; false when all are taken.
bool take_place(ServerShared& shared) {
    if (shared.connections_open.fetch_add(1, std::memory_order_relaxed) <
        shared.options.connections_max) {
        return true;
    }
    shared.connections_open.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void hand_over(Listening& listening, Socket socket, const std::shared_ptr<ServerWorker>& worker) {
    ServerShared& shared = *listening.shared;
    shared.connections_total.fetch_add(1, std::memory_order_relaxed);
    IoError error;
    const auto peer = socket.remote_endpoint(error);
    socket.set_option(Tcp::no_delay(true), error);
    socket.non_blocking(true, error);
    if (error) {
        return;  // the client has gone already
    }
    Stream stream(std::move(socket));
    if (listening.tls) {
        auto session = listening.tls->accept(stream.socket().native_handle());
        if (!session) {
            log::error("cannot begin TLS", {{"error", session.error().detail}});
            return;
        }
        stream.secure(std::move(*session));
    }
    auto place = shared.addresses->take(peer.address());
    const bool welcome = place && take_place(shared);
    if (!welcome) {
        shared.connections_refused.fetch_add(1, std::memory_order_relaxed);
        if (shared.turning_away.fetch_add(1, std::memory_order_relaxed) >= kTurningAwayMax) {
            shared.turning_away.fetch_sub(1, std::memory_order_relaxed);
            return;
        }
    }
    auto connection =
        std::make_shared<Connection>(worker, std::move(stream), to_text(peer.address()));
    if (welcome) {
        async::spawn(worker->executor(),
                     Connection::serve(std::move(connection), std::move(*place)));
        return;
    }
    Refusal refusal = place ? Refusal{503, "the server has as many connections as it may have"}
                            : Refusal{429, "this address has as many connections as it may have"};
    async::spawn(worker->executor(),
                 Connection::turn_away(std::move(connection), std::move(refusal)));
}

Task<void> accept_all(std::shared_ptr<Listening> listening) {
    bool refused = false;
    while (listening->acceptor.is_open()) {
        const auto& worker = listening->workers[listening->next];
        listening->next = (listening->next + 1) % listening->workers.size();
        Socket socket(worker->executor());
        IoError error;
        auto token = boost::asio::redirect_error(async::use_task, error);
        co_await listening->acceptor.async_accept(socket, token);
        if (!error) {
            hand_over(*listening, std::move(socket), worker);
            refused = false;
        } else if (error == boost::asio::error::operation_aborted) {
            co_return;
        } else if (error != boost::asio::error::connection_aborted) {
            // Out of descriptors or memory: accepting again at once would spin. Connections that
            // close meanwhile make room.
            if (!std::exchange(refused, true)) {
                log::warning("cannot accept connections", {{"error", error.message()}});
            }
            co_await async::wait_for(kAcceptPause);
        }
    }
}

Task<void> make_handler(std::shared_ptr<ServerWorker> worker) {
    worker->handler();
    co_return;
}

Task<void> close_acceptor(std::shared_ptr<Listening> listening) {
    IoError ignored;  // it may never have been opened
    listening->acceptor.close(ignored);
    co_return;
}

Task<bool> drain_worker(std::shared_ptr<ServerWorker> worker, Deadline deadline) {
    const Executor executor = worker->executor();
    ServerWorker& drained = *worker;
    co_await async::run_on(executor, drained.drain(deadline));
    co_return true;
}

}  // namespace

class Server::Implementation {
  public:
    Implementation(async::Workers& workers, ServerOptions options, HandlerFactory factory)
        : executor_(workers.executor(0)),
          shared_(std::make_shared<ServerShared>()),
          listening_(std::make_shared<Listening>(executor_)) {
        shared_->options = std::move(options);
        shared_->addresses =
            std::make_shared<AddressCounts>(shared_->options.connections_per_address_max);
        shared_->factory = std::move(factory);
        listening_->shared = shared_;
        for (std::size_t i = 0; i < workers.size(); ++i) {
            listening_->workers.push_back(
                std::make_shared<ServerWorker>(workers.executor(i), i, shared_));
        }
    }

    Result<void> start() {
        auto prepared = prepare(shared_->options);
        if (!prepared) {
            return fail(std::move(prepared.error()));
        }
        listening_->tls = std::move(prepared->tls);
        if (auto opened = listen_on(listening_->acceptor, prepared->endpoint); !opened) {
            return opened;
        }
        port_ = listening_->acceptor.local_endpoint().port();
        for (const auto& worker : listening_->workers) {
            async::spawn(worker->executor(), make_handler(worker));
        }
        async::spawn(executor_, accept_all(listening_));
        return {};
    }

    Result<void> reload_certificate() {
        auto prepared = prepare(shared_->options);
        if (!prepared) {
            return fail(std::move(prepared.error()));
        }
        if (prepared->tls) {
            async::spawn(executor_, replace_certificate(listening_, std::move(*prepared->tls)));
        }
        return {};
    }

    // Without drain(): what is open is closed by the loops, if they still run.
    void abandon() {
        shared_->draining.store(true, std::memory_order_relaxed);
        async::spawn(executor_, close_acceptor(listening_));
        for (const auto& worker : listening_->workers) {
            const Deadline now = Deadline::after({});
            async::spawn(executor_, abandon_worker(worker, now));
        }
    }

    Task<void> drain(Deadline deadline) {
        shared_->draining.store(true, std::memory_order_relaxed);
        co_await async::run_on(executor_, close_acceptor(listening_));
        std::vector<Task<bool>> drains;
        for (const auto& worker : listening_->workers) {
            drains.push_back(drain_worker(worker, deadline));
        }
        co_await async::when_all(std::move(drains));
        drained_ = true;
    }

    Statistics statistics() const {
        Statistics statistics;
        statistics.connections_open = shared_->connections_open.load(std::memory_order_relaxed);
        statistics.connections_total = shared_->connections_total.load(std::memory_order_relaxed);
        statistics.connections_refused =
            shared_->connections_refused.load(std::memory_order_relaxed);
        for (const auto& worker : listening_->workers) {
            statistics.requests_total += worker->requests_total();
        }
        return statistics;
    }

    std::uint16_t port() const { return port_; }
    bool drained() const { return drained_; }

  private:
    static Task<void> abandon_worker(std::shared_ptr<ServerWorker> worker, Deadline deadline) {
        co_await drain_worker(std::move(worker), deadline);
    }

    Executor executor_;
    std::shared_ptr<ServerShared> shared_;
    std::shared_ptr<Listening> listening_;
    std::uint16_t port_ = 0;
    bool drained_ = false;
};

Result<void> check_listening(const ServerOptions& options) {
    const auto prepared = prepare(options);
    if (!prepared) {
        return fail(prepared.error());
    }
    boost::asio::io_context loop{1};
    Acceptor acceptor(loop.get_executor());
    return listen_on(acceptor, prepared->endpoint);
}

Server::Server(async::Workers& workers, ServerOptions options, HandlerFactory factory)
    : implementation_(
          std::make_shared<Implementation>(workers, std::move(options), std::move(factory))) {}

Server::~Server() {
    if (!implementation_->drained()) {
        implementation_->abandon();
    }
}

Result<void> Server::start() {
    return implementation_->start();
}

Result<void> Server::reload_certificate() {
    return implementation_->reload_certificate();
}

std::uint16_t Server::port() const {
    return implementation_->port();
}

Task<void> Server::drain(Deadline deadline) {
    co_await implementation_->drain(deadline);
}

Server::Statistics Server::statistics() const {
    return implementation_->statistics();
}

}  // namespace pgmind::http
