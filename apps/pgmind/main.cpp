#include <iostream>

#include "command.hpp"

namespace pgmind::app {
namespace {

int run_command_line(int argument_count, char** arguments) {
    CLI::App app("pgmind: a PostgreSQL memory for AI agents", "pgmind");
    app.set_version_flag("--version", "pgmind " PGMIND_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.get_formatter()->column_width(34);

    GlobalOptions options;
    app.add_option("--config", options.config_file, "Configuration file (TOML)");
    app.add_option("--set", options.assignments, "A setting: section.name=value")
        ->take_all()
        ->allow_extra_args(false);
    app.add_option("--url", options.url, "Server to talk to [PGMIND_URL, http://127.0.0.1:7432]");
    app.add_option("--key-file", options.key_file, "File with the API key [PGMIND_API_KEY]");
    app.add_flag("--json", options.json, "Print JSON");
    app.add_flag("--no-color", options.no_color, "No colours, even on a terminal");

    std::function<Exit()> run;
    const CommandLine line{app, options, run};
    add_config_command(line);

    try {
        app.parse(argument_count, arguments);
    } catch (const CLI::ParseError& error) {
        const bool wrong = error.get_exit_code() != 0;
        app.exit(error);
        return static_cast<int>(wrong ? Exit::usage : Exit::success);
    }
    return static_cast<int>(run());
}

}  // namespace
}  // namespace pgmind::app

int main(int argument_count, char** arguments) {
    try {
        return pgmind::app::run_command_line(argument_count, arguments);
    } catch (const std::exception& error) {
        std::cerr << "error: internal: " << error.what() << "\n";
        return 1;
    }
}
