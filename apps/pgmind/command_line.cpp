#include <array>
#include <iostream>

#include "command.hpp"
#include "help_formatter.hpp"
#include "input.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

constexpr std::array kCommands = {
    add_store_command,     add_get_command,        add_search_command, add_list_command,
    add_delete_command,    add_import_command,     add_export_command, add_namespace_command,
    add_principal_command, add_key_command,        add_auth_command,   add_secrets_command,
    add_audit_command,     add_status_command,     add_trace_command,  add_mcp_command,
    add_config_command,    add_demo_command,       add_completion_command,
};

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 denied,\n"
    "            5 server not available, 6 exists already or changed meanwhile\n"
    "Each command has --help with examples.";

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_option("--url", options.url, "Server to talk to [PGMIND_URL, else this machine's]");
    app.add_option("--key-file", options.key_file,
                   "API key to use [PGMIND_API_KEY, else that of auth login, else the local "
                   "administrator's]")
        ->type_name(kFileType);
    app.add_option("--config", options.config_file, "Configuration, as TOML [PGMIND_CONFIG]")
        ->type_name(kFileType);
    app.add_option("--set", options.assignments,
                   "A setting of the configuration, such as log.level=debug")
        ->type_name("NAME=VALUE")
        ->take_all()
        ->allow_extra_args(false);
    app.add_flag("--json", options.json, "Print JSON");
    app.add_flag("--no-color", options.no_color, "No colours, even on a terminal [NO_COLOR]");
    app.add_flag("-v,--verbose", options.verbose, "Say what is asked of the server, with ids");
}

// "store", "key create": the command that the words on the command line reached.
std::string reached_command(const CLI::App& app) {
    std::string name;
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        name += " " + at->get_name();
    }
    return name;
}

// The word that should have been a command, if that is what is wrong.
std::string unknown_command(const CLI::App& app) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().front();
    }
    const bool has_commands = !at->get_subcommands([](const CLI::App*) { return true; }).empty();
    for (const std::string& word : app.remaining(true)) {
        if (has_commands && !word.starts_with('-')) {
            return word;
        }
    }
    return "";
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
    std::string message = error.what();
    if (const std::string word = unknown_command(app); !word.empty()) {
        message = word + " is not a command";
    }
    for (char& c : message) {
        c = c == '\n' ? ' ' : c;
    }
    std::cerr << "error: " << printable(message) << " (see pgmind" << reached_command(app)
              << " --help)\n";
    return static_cast<int>(Exit::usage);
}

int flushed(Exit exit) {
    std::cout.flush();
    if (!std::cout && exit == Exit::success) {
        std::cerr << "error: cannot write to standard output\n";
        exit = Exit::failure;
    }
    return static_cast<int>(exit);
}

}  // namespace

int run_command_line(std::span<const char* const> arguments, std::span<const AddCommand> more) {
    CLI::App app("pgmind: a PostgreSQL memory for AI agents", "pgmind");
    app.set_version_flag("--version", "pgmind " PGMIND_VERSION, "Print the version");
    app.require_subcommand(1);
    app.fallthrough();
    app.formatter(std::make_shared<HelpFormatter>());

    GlobalOptions options;
    add_global_options(app, options);
    std::function<Exit()> run;
    const CommandLine line{app, options, run};
    for (const auto& commands : {more, std::span<const AddCommand>(kCommands)}) {
        for (const AddCommand add : commands) {
            add(line);
        }
    }
    app.footer(kFooter);
    try {
        app.parse(static_cast<int>(arguments.size()), arguments.data());
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            app.exit(error);
            return flushed(Exit::success);
        }
        return report_usage(app, error);
    }
    if (options.no_color) {
        disable_colors();
    }
    return flushed(run());
}

}  // namespace pgmind::app
