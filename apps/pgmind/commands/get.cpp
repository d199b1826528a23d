#include <iostream>

#include "command.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct GetOptions {
    std::string namespace_name;
    std::string key;
    std::string scope;
    bool value_only = false;
    bool raw = false;
    bool with_embedding = false;
};

void print_entry(const JsonNode& entry) {
    Properties properties;
    properties.add("namespace", entry["namespace"].text());
    properties.add("key", entry["key"].text());
    if (entry["scope"].text() != "project") {
        properties.add("scope", entry["scope"].text());
    }
    properties.add("version", entry["version"].text());
    properties.add("created", human_time(entry["created_at"].text()));
    properties.add("updated", human_time(entry["updated_at"].text()));
    if (entry["expires_at"]) {
        properties.add("expires", human_time(entry["expires_at"].text()));
    }
    if (!entry["metadata"].members().empty()) {
        properties.add("metadata", std::string(entry["metadata"].raw()));
    }
    if (entry["text"]) {
        properties.add("text", entry["text"].text());
    }
    if (entry["embedding"]) {
        properties.add("embedding", std::string(entry["embedding"].raw()));
    }
    properties.add("value", std::string(entry["value"].raw()));
    std::cout << properties.render();
}

Exit get(const GlobalOptions& global, const GetOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get(
            {"namespaces", options.namespace_name, "entries", options.key},
            {{"scope", options.scope}, {"with_embedding", options.with_embedding ? "true" : ""}});
        if (!answer) {
            return fail(answer.error());
        }
        if (options.raw) {
            std::cout << answer->json()["value"].text();
        } else if (options.value_only) {
            std::cout << answer->json()["value"].raw() << "\n";
        } else if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            print_entry(answer->json());
        }
        return {};
    });
}

}  // namespace

void add_get_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("get", "Print an entry");
    auto options = std::make_shared<GetOptions>();
    command->add_option("namespace", options->namespace_name, "Namespace")->required();
    command->add_option("key", options->key, "Key")->required();
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared", "both"}));
    command->add_flag("--value", options->value_only, "Only the value, as JSON");
    command->add_flag("--raw", options->raw,
                      "Only the value; a text without its quotes, byte for byte");
    command->add_flag("--embedding", options->with_embedding, "The embedding too");
    command->footer(
        "Examples:\n"
        "  pgmind get notes greeting\n"
        "  pgmind get notes plan --value\n"
        "  pgmind get notes plan --json --embedding");
    run_when_parsed(line, command, options, get);
}

}  // namespace pgmind::app
