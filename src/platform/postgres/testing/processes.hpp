#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace pgmind::postgres::testing {

/// Starts a program that dies with its parent (PR_SET_PDEATHSIG: SIGQUIT), as user `postgres` when
/// this process is root (PostgreSQL refuses root). Its output goes to the end of `log_file`, its
/// input is `input` (-1: nothing). Throws when that cannot be.
pid_t start_process(const std::vector<std::string>& command, const std::string& log_file,
                    bool drop_root, int input);

/// Waits for the end of a process and gives its exit status, 128 + n for signal n.
int wait_for_exit(pid_t process);

/// Gives the directory to user `postgres` when this process is root.
void give_to_postgres_user(const std::string& directory);

}  // namespace pgmind::postgres::testing
