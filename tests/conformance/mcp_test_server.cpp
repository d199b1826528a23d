// An MCP endpoint over memory that lives in this process: what the conformance suite and the
// official clients are run against where no whole pgmind is at hand.
//
//   mcp_test_server [--open]     --open: no keys, and the fixtures of the conformance suite
//
// Prints "listening on PORT", serves until standard input ends. The key is "admin".

#include <iostream>
#include <string>

#include "async/workers.hpp"
#include "integration/adapters/mcp/mcp_endpoint.hpp"
#include "integration/adapters/open_security.hpp"
#include "integration/tests/adapters/fake_cluster.hpp"
#include "integration/tests/adapters/mcp/in_memory_world.hpp"

namespace pgmind {
namespace {

using integration::testing::FakeCluster;
using integration::testing::InMemoryMemory;
using integration::testing::InMemoryStore;
using integration::testing::PublishingSecurity;

constexpr std::size_t kWorkers = 2;

struct Worker {
    Worker(InMemoryStore& store, async::EventBus& bus) : memory(store, bus), keyed(bus) {
        keyed.fake.add("admin", "admin", {{security::Role::admin, "*", false}});
        keyed.fake.add("reader", "reader", {{security::Role::readonly, "notes", false}});
        open = integration::make_open_security(keyed, bus);
    }
    InMemoryMemory memory;
    PublishingSecurity keyed;
    std::unique_ptr<security::Security> open;
};

int serve(bool open) {
    InMemoryStore store;
    FakeCluster cluster;
    metrics::Registry metrics;
    async::Workers workers(kWorkers);
    integration::McpOptions options;
    options.mcp.version = "0.0.0";
    options.mcp.conformance_fixtures = open;
    options.mcp.keys_required = !open;
    integration::McpEndpoint endpoint(workers, options);
    std::vector<std::unique_ptr<Worker>> parts;
    async::EventBus bus;
    for (std::size_t i = 0; i < kWorkers; ++i) {
        parts.push_back(std::make_unique<Worker>(store, bus));
    }
    http::Server server(workers, http::ServerOptions(), [&](std::size_t index) {
        Worker& worker = *parts[index];
        security::Security& security = open ? *worker.open : worker.keyed;
        return endpoint.make_handler(index, {worker.memory, cluster, security, bus, metrics});
    });
    workers.start();
    const auto started = server.start();
    if (!started) {
        std::cerr << started.error().detail << '\n';
        return 1;
    }
    std::cout << "listening on " << server.port() << std::endl;
    std::string ignored;
    while (std::getline(std::cin, ignored)) {
    }
    boost::asio::io_context loop;
    async::run_blocking_loop(loop, server.drain(Deadline::after(std::chrono::seconds(2))));
    workers.stop();
    workers.join();
    return 0;
}

}  // namespace
}  // namespace pgmind

int main(int argc, char** argv) {
    return pgmind::serve(argc > 1 && std::string_view(argv[1]) == "--open");
}
