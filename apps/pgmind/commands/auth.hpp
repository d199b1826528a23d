#pragma once

#include "command.hpp"

namespace pgmind::app {

// The parts of `pgmind auth`, each in a file of its own.

/// explain: auth_explain.cpp.
void add_auth_explain_command(CommandLine line, CLI::App* group);
void add_auth_sql_commands(CommandLine line, CLI::App* group);
/// login, logout, whoami, sessions, revoke: auth_sessions.cpp.
void add_auth_session_commands(const CommandLine& line, CLI::App* group);
/// mfa enrol, confirm, status, disable, recovery, reset: auth_mfa.cpp.
void add_auth_mfa_commands(const CommandLine& line, CLI::App* group);
/// user add, user passwd, passwd: auth_users.cpp.
void add_auth_user_commands(const CommandLine& line, CLI::App* group);

inline constexpr const char* kPasswordFileHelp =
    "File whose first line is the password, - for standard input [asked for on the terminal]";

}  // namespace pgmind::app
