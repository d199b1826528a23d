#pragma once

#include <memory>

#include "async/blocking_pool.hpp"
#include "gateway/gateway.hpp"
#include "gateway/statement_metrics.hpp"
#include "integration/adapters/mcp/mcp_endpoint.hpp"
#include "integration/app/trace_store.hpp"
#include "intelligence/api/intelligence.hpp"
#include "intelligence/app/vector_index_board.hpp"
#include "memory/api/memory.hpp"
#include "platform/http/server.hpp"
#include "security/adapters/security_runtime.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::app {

/// Who may call from a browser, as REST and MCP check it.
integration::OriginPolicy origin_policy(const config::Configuration& configuration);

/// True for addresses that other machines cannot reach.
bool is_loopback(const std::string& address);

/// What all workers share; outlives their services.
struct SharedServices {
    const GatewayOptions& options;
    cluster::Cluster& cluster;
    security::SecurityRuntime& security;
    integration::TraceStore& traces;
    async::BlockingPool& blocking;
    const intelligence::VectorIndexBoard& indexes;
    security::Encryption& encryption;
};

/// Everything that one worker works with: pools, facades of the contexts, protocol handlers.
/// Belongs to that worker's loop; made before the loop runs, closed on it, destroyed after it has
/// ended.
class WorkerServices {
  public:
    static Result<std::unique_ptr<WorkerServices>> make(boost::asio::io_context& loop,
                                                        const SharedServices& shared);
    ~WorkerServices();

    /// On the worker's loop.
    http::Handler handler(integration::McpEndpoint& mcp, std::size_t worker,
                          const SharedServices& shared);
    memory::Memory& memory() { return *memory_; }
    Task<void> close(Deadline deadline);

  private:
    WorkerServices(boost::asio::io_context& loop, const SharedServices& shared);
    Result<void> wire_intelligence(boost::asio::io_context& loop, const SharedServices& shared);
    Result<void> wire_security(const SharedServices& shared);
    void wire_integration(const SharedServices& shared);

    StatementMetrics statements_;
    postgres::PoolDirectory pools_;
    std::unique_ptr<intelligence::Intelligence> intelligence_;
    std::unique_ptr<memory::Memory> memory_;
    std::unique_ptr<security::Security> security_;
    http::Handler rest_;
};

}  // namespace pgmind::app
