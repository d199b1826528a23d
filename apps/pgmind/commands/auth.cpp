#include "commands/auth.hpp"

namespace pgmind::app {

void add_auth_command(CommandLine line) {
    CLI::App* group = line.app.add_subcommand("auth", "Logins, and why somebody may do something");
    group->require_subcommand(1);
    group->footer("Examples:\n  pgmind auth explain my-agent write memory:notes");
    add_auth_explain_command(line, group);
}

}  // namespace pgmind::app
