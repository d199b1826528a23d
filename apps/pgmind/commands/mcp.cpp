#include <iostream>

#include <unistd.h>

#include "bridge/stdio_bridge.hpp"
#include "command.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct McpOptions {};

Exit serve(const GlobalOptions& global, const McpOptions&) {
    auto endpoint = find_endpoint(global);
    if (!endpoint) {
        return report(endpoint.error());
    }
    StdioBridgeOptions options;
    options.endpoint = std::move(*endpoint);
    options.input = STDIN_FILENO;
    options.write_line = [](const std::string& line) { std::cout << line << "\n" << std::flush; };
    if (global.verbose) {
        options.log = [](const std::string& text) { std::cerr << printable(text) << "\n"; };
    }
    const auto done = run_stdio_bridge(std::move(options));
    return done ? Exit::success : report(done.error());
}

}  // namespace

void add_mcp_command(CommandLine line) {
    CLI::App* command =
        line.app.add_subcommand("mcp", "Speak MCP on standard input and output, for agents");
    command->footer(
        "Agents start this; it passes their messages to a running server (pgmind up), with the\n"
        "key of PGMIND_API_KEY or --key-file. It ends with its input.\n"
        "Examples:\n"
        "  { \"mcpServers\": { \"pgmind\": { \"command\": \"pgmind\", \"args\": [\"mcp\"] } } }\n"
        "  npx mcp-inspector --cli pgmind mcp --method tools/list");
    run_when_parsed(line, command, std::make_shared<McpOptions>(), serve);
}

}  // namespace pgmind::app
