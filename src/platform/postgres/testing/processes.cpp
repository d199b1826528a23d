#include "platform/postgres/testing/processes.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pgmind::postgres::testing {
namespace {

struct Account {
    uid_t user = 0;
    gid_t group = 0;
};

Account postgres_account() {
    const passwd* entry = getpwnam("postgres");
    if (entry == nullptr) {
        throw std::runtime_error("there is no user postgres to run the server as");
    }
    return {entry->pw_uid, entry->pw_gid};
}

bool become(const Account& account) {
    return setgroups(0, nullptr) == 0 && setgid(account.group) == 0 && setuid(account.user) == 0;
}

// Between fork and exec: only calls that are safe after a fork of a program with threads.
[[noreturn]] void run_child(const std::vector<char*>& arguments, const char* log_file,
                            const Account* account, int input, pid_t parent) {
    const int log = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int in = input >= 0 ? input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log < 0 || in < 0 || dup2(in, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
        _exit(126);
    }
    if (account != nullptr && !become(*account)) {
        _exit(126);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // A change of user clears this setting, so it comes last. The parent may be gone by now.
    if (input < 0 && (prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || getppid() != parent)) {
        _exit(126);
    }
    execv(arguments[0], arguments.data());
    _exit(127);
}

}  // namespace

pid_t start_process(const std::vector<std::string>& command, const std::string& log_file,
                    bool drop_root, int input) {
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    Account account;
    const bool change_user = drop_root && geteuid() == 0;
    if (change_user) {
        account = postgres_account();
    }
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) {
        throw std::runtime_error(std::string("cannot fork: ") + std::strerror(errno));
    }
    if (child == 0) {
        run_child(arguments, log_file.c_str(), change_user ? &account : nullptr, input, parent);
    }
    return child;
}

int wait_for_exit(pid_t process) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) {
            throw std::runtime_error(std::string("cannot wait for a process: ") +
                                     std::strerror(errno));
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void give_to_postgres_user(const std::string& directory) {
    if (geteuid() != 0) {
        return;
    }
    const Account account = postgres_account();
    if (chown(directory.c_str(), account.user, account.group) != 0) {
        throw std::runtime_error("cannot give away " + directory + ": " + std::strerror(errno));
    }
}

}  // namespace pgmind::postgres::testing
