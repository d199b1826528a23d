#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "async/workers.hpp"
#include "integration/adapters/mcp/engine.hpp"
#include "integration/adapters/origin_policy.hpp"
#include "platform/http/server.hpp"

namespace pgmind::integration {

struct McpOptions {
    OriginPolicy origins;
    mcp::Options mcp;
};

/// What the MCP endpoint of one worker is made of. All of it must outlive the handler.
struct McpDependencies {
    memory::Memory& memory;
    cluster::Cluster& cluster;
    security::Security& security;
    async::EventBus& bus;
    metrics::Registry& metrics;
};

/// True for the paths that the handlers of an McpEndpoint serve: /mcp, and the metadata about who
/// gives out keys (RFC 9728) below /.well-known/.
bool is_mcp_path(std::string_view path);

/// MCP over streamable HTTP, in both eras. One for the process, for the sessions of the older era
/// live on the worker that opened them while their requests arrive on any. Lifecycle: construct
/// with the workers, make_handler() once for each on its own loop, destroy after the workers have
/// been joined and the event bus is gone.
class McpEndpoint {
  public:
    McpEndpoint(async::Workers& workers, McpOptions options);
    ~McpEndpoint();
    McpEndpoint(const McpEndpoint&) = delete;
    McpEndpoint& operator=(const McpEndpoint&) = delete;

    http::Handler make_handler(std::size_t worker, McpDependencies dependencies);

  private:
    class Server;
    static constexpr std::size_t kWorkersMax = 64;

    async::Workers& workers_;
    McpOptions options_;
    /// By worker; written once, by that worker, read by all.
    std::array<std::atomic<mcp::Engine*>, kWorkersMax> engines_{};
    std::array<std::unique_ptr<mcp::Engine>, kWorkersMax> owned_;
};

}  // namespace pgmind::integration
