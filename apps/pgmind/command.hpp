#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "client/api_client.hpp"
#include "settings.hpp"

namespace pgmind::app {

/// How a command ends. Scripts may rely on these.
enum class Exit : int {
    success = 0,
    failure = 1,  ///< anything not listed here
    usage = 2,    ///< wrong words on the command line, bad input, bad configuration
    not_found = 3,
    denied = 4,       ///< no key, a wrong key, or not allowed
    unavailable = 5,  ///< the server cannot be reached or cannot serve now
    conflict = 6      ///< already exists, or changed meanwhile
};

Exit exit_of(Failure failure);

/// What a command needs to add itself and to run. A command registers a CLI11 subcommand whose
/// callback sets `run`; main calls it after parsing, so that no work happens while parsing.
struct CommandLine {
    CLI::App& app;
    GlobalOptions& options;
    std::function<Exit()>& run;
};

/// Lets `command`, once it is parsed, run `execute(global, *options)`.
template <class Options, class Execute>
void run_when_parsed(const CommandLine& line, CLI::App* command, std::shared_ptr<Options> options,
                     Execute execute) {
    auto& run = line.run;
    const GlobalOptions& global = line.options;
    command->callback([&run, &global, options, execute] {
        run = [&global, options, execute] { return execute(global, *options); };
    });
}

/// Prints "error: ..." to standard error (with the field and reason it names) and gives the exit.
Exit report(const Error& error);
/// Prints each problem of a configuration on a line of its own; true when there were any.
bool report_problems(const std::vector<config::Problem>& problems);

/// As report(), and says to log in again when it was a session that is not valid any more.
Exit report(const Error& error, const Endpoint& endpoint);

/// Connects, works, and reports what failed. `work(client)` gives a Result<void>.
template <class Work>
Exit with_client(const GlobalOptions& global, Work work) {
    auto client = ApiClient::connect(global);
    if (!client) {
        return report(client.error());
    }
    const Result<void> done = work(*client);
    return done ? Exit::success : report(done.error(), client->endpoint());
}

// One function per command, each in commands/NAME.cpp.
void add_audit_command(CommandLine line);
void add_auth_command(CommandLine line);
void add_completion_command(CommandLine line);
void add_config_command(CommandLine line);
void add_delete_command(CommandLine line);
void add_demo_command(CommandLine line);
void add_export_command(CommandLine line);
void add_get_command(CommandLine line);
void add_import_command(CommandLine line);
void add_key_command(CommandLine line);
void add_list_command(CommandLine line);
void add_mcp_command(CommandLine line);
void add_namespace_command(CommandLine line);
void add_principal_command(CommandLine line);
void add_search_command(CommandLine line);
void add_secrets_command(CommandLine line);
void add_status_command(CommandLine line);
void add_store_command(CommandLine line);
void add_trace_command(CommandLine line);

/// The group `audit`, made when it is not there yet: it has commands of the server's machine too.
CLI::App* audit_group(const CommandLine& line);

using AddCommand = void (*)(CommandLine);

/// Builds the command line (`more` adds commands that are not listed above, before them), parses,
/// and runs what was asked for. Gives the exit code of the process.
int run_command_line(std::span<const char* const> arguments, std::span<const AddCommand> more);

}  // namespace pgmind::app
