#include <iostream>

#include "command.hpp"
#include "input.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

struct DeleteOptions {
    std::string namespace_name;
    std::string key;
    std::string scope;
    std::int64_t if_match = 0;
};

Exit remove_entry(const GlobalOptions& global, const DeleteOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        RequestHeaders headers;
        if (options.if_match > 0) {
            headers.emplace_back("If-Match", '"' + std::to_string(options.if_match) + '"');
        }
        const auto answer =
            client.call({"DELETE",
                         {"namespaces", options.namespace_name, "entries", options.key},
                         {{"scope", options.scope}},
                         std::move(headers)});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::string out;
            json::ObjectWriter object(out);
            object.boolean("deleted", true)
                .string("namespace", options.namespace_name)
                .string("key", options.key);
            object.end();
            std::cout << out << "\n";
        } else {
            std::cout << "deleted " << printable(options.namespace_name + " / " + options.key)
                      << "\n";
        }
        return {};
    });
}

}  // namespace

void add_delete_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("delete", "Delete an entry");
    auto options = std::make_shared<DeleteOptions>();
    command->add_option("namespace", options->namespace_name, "Namespace")->required();
    command->add_option("key", options->key, "Key")->required();
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared"}));
    command->add_option("--if-match", options->if_match, "Delete only this version")
        ->check(whole_number(1));
    command->footer(
        "Examples:\n"
        "  pgmind delete notes greeting\n"
        "  pgmind delete notes plan --if-match 3");
    run_when_parsed(line, command, options, remove_entry);
}

}  // namespace pgmind::app
