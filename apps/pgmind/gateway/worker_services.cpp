#include "gateway/worker_services.hpp"

#include "gateway/open_security.hpp"
#include "integration/adapters/rest/rest_handler.hpp"

namespace pgmind::app {
namespace {

postgres::PoolLimits pool_limits(const config::Configuration& configuration) {
    postgres::PoolLimits limits;
    limits.connections_max =
        static_cast<std::size_t>(configuration.integer("postgres.connections_per_worker"));
    return limits;
}

// MCP has one path (and its metadata below /.well-known); everything else is REST.
bool is_mcp(const http::RequestHead& head) {
    return head.path == "/mcp" || head.path.starts_with("/.well-known/oauth-protected-resource");
}

Task<void> dispatch(const http::Handler& rest, const http::Handler& mcp, http::Exchange& exchange) {
    const http::Handler& handler = is_mcp(exchange.head()) ? mcp : rest;
    co_await handler(exchange);
}

}  // namespace

WorkerServices::WorkerServices(boost::asio::io_context& loop, const SharedServices& shared)
    : statements_(shared.options.metrics),
      pools_(loop, shared.options.shard_connection, pool_limits(shared.options.configuration),
             [this](std::string_view name, std::chrono::steady_clock::duration duration,
                    bool success) { statements_.observe(name, duration, success); }) {}

Result<std::unique_ptr<WorkerServices>> WorkerServices::make(boost::asio::io_context& loop,
                                                             const SharedServices& shared) {
    std::unique_ptr<WorkerServices> services(new WorkerServices(loop, shared));
    if (auto wired = services->wire_intelligence(loop, shared); !wired) {
        return fail(std::move(wired.error()));
    }
    services->wire_memory(shared);
    services->wire_security(shared);
    services->wire_integration(shared);
    return services;
}

void WorkerServices::wire_security(const SharedServices& shared) {
    security_ = shared.security.make_security();
    if (shared.options.configuration.text("security.authentication") == "off") {
        security_ = make_open_security(std::move(security_));
    }
}

http::Handler WorkerServices::handler() {
    return [this](http::Exchange& exchange) { return dispatch(rest_, mcp_, exchange); };
}

Task<void> WorkerServices::close(Deadline deadline) { co_await pools_.close(deadline); }

}  // namespace pgmind::app
