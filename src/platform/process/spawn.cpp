#include "platform/process/spawn.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/process/errors.hpp"

namespace pgmind::process {
namespace {

constexpr std::array kSteps = {"start a session",      "set the outputs",
                               "set the groups",       "set the group id",
                               "set the user id",      "enter the working directory",
                               "set the death signal", "execute"};

enum Step { kSession, kOutputs, kGroups, kGroupId, kUserId, kDirectory, kDeathSignal, kExecute };

struct FailedStep {
    int step;
    int number;
};

// Everything that the child needs, made before the fork: between fork and execve a child of a
// process with threads may not allocate, lock or look anything up.
struct Plan {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    const char* directory;
    const Identity* identity;
    int input;
    int output;
    int report;
    int death_signal;
    mode_t creation_mask;
    pid_t parent;
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        pointers.push_back(const_cast<char*>(text.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void give_up(const Plan& plan, Step step) {
    const FailedStep failed{step, errno};
    // The parent sees the end of the pipe if even this fails.
    [[maybe_unused]] const ssize_t written = ::write(plan.report, &failed, sizeof failed);
    ::_exit(127);
}

void reset_signals() {
    struct sigaction by_default{};
    by_default.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        // SIGKILL and SIGSTOP refuse, and need no reset.
        ::sigaction(number, &by_default, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The raw calls: glibc's wrappers would try to change the threads that this child does not have.
void become(const Plan& plan, const Identity& identity) {
    if (::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) != 0) {
        give_up(plan, kGroups);
    }
    if (::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0) {
        give_up(plan, kGroupId);
    }
    if (::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0) {
        give_up(plan, kUserId);
    }
}

[[noreturn]] void run_child(const Plan& plan) {
    if (::setsid() < 0) {
        give_up(plan, kSession);
    }
    if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.output, 2) < 0) {
        give_up(plan, kOutputs);
    }
    if (plan.identity != nullptr) {
        become(plan, *plan.identity);
    }
    ::umask(plan.creation_mask);
    if (::chdir(plan.directory) != 0) {
        give_up(plan, kDirectory);
    }
    // After the change of user, which clears it.
    if (::prctl(PR_SET_PDEATHSIG, plan.death_signal, 0, 0, 0) != 0) {
        give_up(plan, kDeathSignal);
    }
    if (::getppid() != plan.parent) {
        ::_exit(127);  // The parent died before the death signal was armed.
    }
    // Code of others may have opened descriptors without O_CLOEXEC.
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    reset_signals();
    ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
    give_up(plan, kExecute);
}

// With all signals blocked, so that no handler of the parent runs in the child before its reset.
pid_t fork_quietly(const Plan& plan) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    const int failure = errno;
    if (pid == 0) {
        run_child(plan);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = failure;
    return pid;
}

// Empty when the child has executed its program.
std::optional<FailedStep> read_report(int descriptor) {
    FailedStep failed{};
    ssize_t count = 0;
    do {
        count = ::read(descriptor, &failed, sizeof failed);
    } while (count < 0 && errno == EINTR);
    return count == sizeof failed ? std::optional(failed) : std::nullopt;
}

}  // namespace

FileDescriptor above_standard(FileDescriptor descriptor) {
    if (!descriptor.valid() || descriptor.get() > 2) {
        return descriptor;
    }
    return FileDescriptor(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
}

Result<pid_t> fork_and_execute(const Command& command, const FileDescriptor& output) {
    const std::string doing = "start " + command.arguments.front();
    const FileDescriptor null =
        above_standard(FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)));
    std::array<int, 2> ends{};
    if (!null.valid() || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(system_error(doing, errno));
    }
    const FileDescriptor report_reader = above_standard(FileDescriptor(ends[0]));
    FileDescriptor report_writer = above_standard(FileDescriptor(ends[1]));
    const std::string directory = command.working_directory.string();
    const Plan plan{pointers_to(command.arguments),
                    pointers_to(command.environment),
                    directory.c_str(),
                    command.identity ? &*command.identity : nullptr,
                    null.get(),
                    output.valid() ? output.get() : null.get(),
                    report_writer.get(),
                    command.death_signal,
                    command.creation_mask,
                    ::getpid()};
    const pid_t pid = fork_quietly(plan);
    if (pid < 0) {
        return fail(system_error(doing, errno));
    }
    report_writer.close();
    const std::optional<FailedStep> failed = read_report(report_reader.get());
    if (failed) {
        ::waitpid(pid, nullptr, 0);
        const char* step = kSteps[static_cast<std::size_t>(failed->step)];
        return fail(system_error(doing + " (" + step + ")", failed->number));
    }
    return pid;
}

}  // namespace pgmind::process
