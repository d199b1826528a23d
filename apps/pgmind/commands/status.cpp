#include <iostream>

#include "client/api_error.hpp"
#include "command.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct StatusOptions {};

std::string lag_of(const JsonNode& node) {
    return node["standbys"].integer() == 0 ? "-"
                                           : human_bytes(node["replication_lag_bytes"].integer());
}

// "15.20" of "15.20 (Debian 15.20-0+deb12u1)".
std::string version_of(const JsonNode& node) {
    const std::string version = node["server_version"].text();
    return version.substr(0, version.find(' '));
}

void print_status(const JsonNode& status, const std::string& url) {
    const bool ready = status["ready"].truth();
    std::cout << "pgmind " << printable(status["product_version"].text()) << " at "
              << printable(url) << ": "
              << styled(ready ? "ready" : "not ready", ready ? Style::good : Style::bad);
    if (const std::string problem = status["problem"].text(); !problem.empty()) {
        std::cout << " (" << printable(problem) << ")";
    }
    std::cout << "\nengine " << printable(status["engine"].text()) << ", map version "
              << status["map_version"].integer() << "\n\n";
    Table table({{"node"},
                 {"role"},
                 {"health"},
                 {"address"},
                 {"PostgreSQL"},
                 {"schema"},
                 {"slots", Table::Align::right},
                 {"entries", Table::Align::right},
                 {"size", Table::Align::right},
                 {"standbys", Table::Align::right},
                 {"lag", Table::Align::right}});
    std::string problems;
    for (const JsonNode& node : status["nodes"].items()) {
        const bool healthy = node["healthy"].truth();
        table.add({{node["name"].text(), Style::bold},
                   node["role"].text(),
                   {healthy ? "healthy" : "failed", healthy ? Style::good : Style::bad},
                   node["address"].text(),
                   version_of(node),
                   node["schema_version"].text(),
                   human_count(node["slots"].integer()),
                   human_count(node["entries"].integer()),
                   human_bytes(node["bytes"].integer()),
                   node["standbys"].text(),
                   lag_of(node)});
        if (const std::string problem = node["problem"].text(); !problem.empty()) {
            problems += printable(node["name"].text() + ": " + problem) + "\n";
        }
    }
    std::cout << table.render() << problems;
}

void print_indexes(const JsonNode& status) {
    Table table({{"vector index"},
                 {"database"},
                 {"state"},
                 {"namespaces", Table::Align::right},
                 {"vectors", Table::Align::right},
                 {"size", Table::Align::right}});
    std::string problems;
    for (const JsonNode& index : status["vector_indexes"].items()) {
        const std::string state = index["state"].text();
        const bool building = state == "building";
        const std::string shown =
            building ? "building " + fixed(100 * index["progress"].number(), 0) + " %" : state;
        table.add({{index["shard"].text(), Style::bold},
                   index["database"].text(),
                   {shown, state == "ready" ? Style::good : Style::bad},
                   human_count(index["namespaces"].integer()),
                   human_count(index["vectors"].integer()),
                   human_bytes(index["bytes"].integer())});
        if (const std::string problem = index["problem"].text(); !problem.empty()) {
            problems += printable("vector index of " + index["shard"].text() + "/" +
                                  index["database"].text() + ": " + problem) +
                        "\n";
        }
    }
    if (!table.empty()) {
        std::cout << "\n" << table.render() << problems;
    }
}

Exit status(const GlobalOptions& global, const StatusOptions&) {
    bool ready = false;
    const Exit exit = with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"cluster", "status"}, {});
        if (!answer) {
            return fail(answer.error());
        }
        ready = answer->json()["ready"].truth();
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            print_status(answer->json(), client.endpoint().url);
            print_indexes(answer->json());
        }
        return {};
    });
    return exit == Exit::success && !ready ? Exit::unavailable : exit;
}

}  // namespace

void add_status_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("status", "Coordinator, shards and their health");
    command->footer(
        "Exits with 5 when the cluster cannot serve now. Entries are an estimate.\n"
        "Examples:\n"
        "  pgmind status\n"
        "  pgmind status --json | jq '.nodes[] | {name, healthy}'");
    run_when_parsed(line, command, std::make_shared<StatusOptions>(), status);
}

}  // namespace pgmind::app
