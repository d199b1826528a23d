#include <iostream>

#include "commands/auth.hpp"
#include "commands/grants.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct ExplainOptions {
    std::string principal;
    std::string action;
    std::string resource;
};

void print_explanation(const JsonNode& answer) {
    const bool allowed = answer["decision"].text() == "allow";
    std::cout << styled(allowed ? "allow" : "deny", allowed ? Style::good : Style::bad) << "  "
              << printable(answer["principal"].text()) << " " << printable(answer["action"].text())
              << " " << printable(answer["resource"].text()) << ": "
              << printable(answer["reason"].text()) << "\n";
    Table table({{"decided"}, {"grant"}, {"says"}});
    for (const JsonNode& row : answer["grants"].items()) {
        const bool decided = row["decided"].truth();
        table.add({decided ? "*" : "",
                   {describe(grant_of(row["grant"])), decided ? Style::bold : Style::plain},
                   row["verdict"].text()});
    }
    if (!table.empty()) {
        std::cout << table.render();
    }
}

Exit explain(const GlobalOptions& global, const ExplainOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"auth", "explain"}, {{"principal", options.principal},
                                                             {"action", options.action},
                                                             {"resource", options.resource}});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            print_explanation(answer->json());
        }
        return {};
    });
}

}  // namespace

void add_auth_explain_command(CommandLine line, CLI::App* group) {
    auto options = std::make_shared<ExplainOptions>();
    CLI::App* command =
        group->add_subcommand("explain", "May a principal do that, and which grant made it so");
    command->add_option("principal", options->principal, "Its name")->required();
    command->add_option("action", options->action, "read, write, delete, execute or admin")
        ->required()
        ->check(one_of({"read", "write", "delete", "execute", "admin"}));
    command
        ->add_option("resource", options->resource,
                     "memory:NAMESPACE, namespaces:NAMESPACE, cluster, principals, audit, metrics "
                     "or traces")
        ->required();
    command->footer(
        "For administrators and auditors.\n"
        "Examples:\n  pgmind auth explain my-agent write memory:notes\n"
        "  pgmind auth explain my-agent admin principals --json");
    run_when_parsed(line, command, options, explain);
}

}  // namespace pgmind::app
