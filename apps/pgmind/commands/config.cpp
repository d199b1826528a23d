#include <iostream>

#include "command.hpp"

namespace pgmind::app {
namespace {

Exit check(const GlobalOptions& options) {
    const config::Outcome outcome = load_configuration(options, {});
    if (report_problems(outcome.problems)) {
        return Exit::usage;
    }
    std::cout << "configuration is good\n";
    return Exit::success;
}

Exit show(const GlobalOptions& options) {
    const config::Outcome outcome = load_configuration(options, {});
    if (report_problems(outcome.problems)) {
        return Exit::usage;
    }
    std::cout << outcome.configuration.render();
    return Exit::success;
}

}  // namespace

void add_config_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("config", "Check or show the configuration");
    command->require_subcommand(1);
    command->footer(
        "Examples:\n  pgmind config check\n  pgmind config show\n"
        "  PGMIND_HTTP_PORT=8080 pgmind config show --set log.level=debug");
    auto& run = line.run;
    const GlobalOptions& options = line.options;
    command->add_subcommand("check", "Name every unknown key and bad value")
        ->callback([&run, &options] { run = [&options] { return check(options); }; });
    command->add_subcommand("show", "Print the effective settings, secrets masked")
        ->callback([&run, &options] { run = [&options] { return show(options); }; });
}

}  // namespace pgmind::app
