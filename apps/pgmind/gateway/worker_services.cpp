#include "gateway/worker_services.hpp"

#include "gateway/open_security.hpp"
#include "integration/adapters/rest/rest_handler.hpp"
#include "intelligence/adapters/embedders.hpp"
#include "intelligence/adapters/make_intelligence.hpp"
#include "memory/adapters/make_memory.hpp"

namespace pgmind::app {
namespace {

postgres::PoolLimits pool_limits(const config::Configuration& configuration) {
    postgres::PoolLimits limits;
    limits.connections_max =
        static_cast<std::size_t>(configuration.integer("postgres.connections_per_worker"));
    return limits;
}

// The embedder that the configuration names; null for none.
Result<std::unique_ptr<intelligence::Embedder>> make_embedder(
    boost::asio::io_context& loop, async::BlockingPool& blocking,
    const config::Configuration& configuration) {
    const std::string& kind = configuration.text("embedder.kind");
    if (kind == "none") {
        return std::unique_ptr<intelligence::Embedder>();
    }
    intelligence::EmbedderOptions options;
    options.kind =
        kind == "ollama" ? intelligence::EmbedderKind::ollama : intelligence::EmbedderKind::openai;
    options.url = configuration.text("embedder.url");
    options.model = configuration.text("embedder.model");
    options.dimensions = configuration.integer("embedder.dimensions");
    options.api_key = configuration.text("embedder.api_key");
    for (const auto& [key, value] :
         {std::pair("embedder.url", &options.url), std::pair("embedder.model", &options.model)}) {
        if (value->empty()) {
            return fail(invalid_argument(key, std::string(key) + " is needed with embedder.kind"));
        }
    }
    return intelligence::make_http_embedder(loop, blocking, std::move(options));
}

intelligence::RecallSampling recall_sampling(const GatewayOptions& options) {
    intelligence::RecallSampling sampling;
    sampling.rate = static_cast<double>(
                        options.configuration.integer("intelligence.recall_samples_per_million")) /
                    1e6;
    sampling.observe = [&registry = options.metrics](const ShardId& shard, double recall) {
        registry
            .histogram("pgmind_vector_recall",
                       "Share of the exact answer that sampled searches by the vector index gave",
                       {{"shard", shard.value()}},
                       {0.5, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.99, 0.999, 1.0})
            .observe(recall);
    };
    return sampling;
}

}  // namespace

bool is_loopback(const std::string& address) {
    return address == "::1" || address.starts_with("127.");
}

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
    services->memory_ =
        memory::make_memory(services->pools_, shared.cluster, *services->intelligence_,
                            shared.encryption, shared.options.bus);
    if (auto wired = services->wire_security(shared); !wired) {
        return fail(std::move(wired.error()));
    }
    services->wire_integration(shared);
    return services;
}

integration::OriginPolicy origin_policy(const config::Configuration& configuration) {
    integration::OriginPolicy policy;
    policy.allowed_origins = configuration.list("http.allowed_origins");
    policy.host_names = configuration.list("http.host_names");
    policy.check_host =
        is_loopback(configuration.text("http.address")) || !policy.host_names.empty();
    return policy;
}

WorkerServices::~WorkerServices() = default;

Result<void> WorkerServices::wire_intelligence(boost::asio::io_context& loop,
                                               const SharedServices& shared) {
    auto embedder = make_embedder(loop, shared.blocking, shared.options.configuration);
    if (!embedder) {
        return fail(std::move(embedder.error()));
    }
    intelligence::IntelligenceOptions options;
    options.embedder = std::move(*embedder);
    options.indexes = &shared.indexes;
    options.exact_only = shared.options.configuration.text("intelligence.search") == "exact";
    options.sampling = recall_sampling(shared.options);
    options.extension_of = shared.options.vector_extension;
    intelligence_ = intelligence::make_intelligence(pools_, std::move(options));
    return {};
}

Result<void> WorkerServices::wire_security(const SharedServices& shared) {
    security_ = shared.security.make_security();
    if (shared.options.configuration.text("security.authentication") == "off") {
        Result<std::string> key = shared.options.read_admin_key();
        if (!key) {
            return fail(std::move(key.error()));
        }
        security_ = make_open_security(std::move(security_), std::move(*key));
    }
    return {};
}

void WorkerServices::wire_integration(const SharedServices& shared) {
    const config::Configuration& configuration = shared.options.configuration;
    integration::RestOptions rest;
    rest.origins = origin_policy(configuration);
    rest.metrics_open_on_loopback = configuration.boolean("metrics.open");
    rest.version = shared.options.product_version;
    rest.encryption = &shared.encryption;
    rest.rotation = shared.options.rotation;
    rest_ = integration::make_rest_handler({*memory_, *intelligence_, shared.cluster, *security_,
                                            shared.options.bus, shared.options.metrics,
                                            shared.options.traces, std::move(rest)});
}

http::Handler WorkerServices::handler(integration::McpEndpoint& mcp, std::size_t worker,
                                      const SharedServices& shared) {
    http::Handler messages = mcp.make_handler(
        worker, {*memory_, shared.cluster, *security_, shared.options.bus, shared.options.metrics});
    return [rest = rest_, messages = std::move(messages)](http::Exchange& exchange) {
        return integration::is_mcp_path(exchange.head().path) ? messages(exchange) : rest(exchange);
    };
}

Task<void> WorkerServices::close(Deadline deadline) {
    co_await pools_.close(deadline);
}

}  // namespace pgmind::app
