#include "commands/auth.hpp"

namespace pgmind::app {

void add_auth_command(CommandLine line) {
    CLI::App* group =
        line.app.add_subcommand("auth", "Log in; passwords, sessions, and why somebody may");
    group->require_subcommand(1);
    group->footer(
        "Examples:\n"
        "  pgmind auth user add ann --grant app_user:notes\n"
        "  pgmind auth login ann\n"
        "  pgmind auth whoami\n"
        "  pgmind auth logout\n"
        "  pgmind auth explain my-agent write memory:notes");
    add_auth_session_commands(line, group);
    add_auth_user_commands(line, group);
    add_auth_mfa_commands(line, group);
    add_auth_sql_commands(line, group);
    add_auth_explain_command(line, group);
}

}  // namespace pgmind::app
