#include "platform/process/child.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <boost/asio/redirect_error.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/notifier.hpp"
#include "platform/process/errors.hpp"
#include "platform/process/process_handle.hpp"
#include "platform/process/spawn.hpp"
#include "platform/process/watched_descriptor.hpp"

namespace pgmind::process {
namespace {

ExitStatus status_from(const siginfo_t& facts) {
    if (facts.si_code == CLD_EXITED) {
        return {facts.si_status, 0};
    }
    return {0, facts.si_status};
}

// nullopt while it runs: the event loop may wake without cause.
std::optional<ExitStatus> reap(const ProcessHandle& handle) {
    siginfo_t facts{};
    const auto descriptor = static_cast<id_t>(handle.descriptor());
    if (::waitid(P_PIDFD, descriptor, &facts, WEXITED | WNOHANG) == 0) {
        return facts.si_pid == 0 ? std::nullopt : std::optional(status_from(facts));
    }
    if (errno == EINTR || errno == EAGAIN) {
        return std::nullopt;
    }
    // Reaped by somebody else (SIGCHLD ignored): it has ended, and nobody knows how.
    return ExitStatus{127, 0};
}

Result<FileDescriptor> open_output(const std::filesystem::path& path) {
    if (path.empty()) {
        return FileDescriptor();
    }
    FileDescriptor descriptor = above_standard(FileDescriptor(::open(
        path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)));
    struct stat facts{};
    if (!descriptor.valid() || ::fstat(descriptor.get(), &facts) != 0) {
        return fail(system_error("write " + path.string(), errno));
    }
    // The directory may belong to the user whom the child runs as, and this process may be root: no
    // link in it may lead to another file.
    if (!S_ISREG(facts.st_mode) || facts.st_nlink != 1) {
        return fail(Errc::not_permitted, path.string() + " is no plain file, or a link to one");
    }
    if (::ftruncate(descriptor.get(), 0) != 0) {
        return fail(system_error("write " + path.string(), errno));
    }
    return descriptor;
}

void kill_and_reap(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

}  // namespace

struct Child::State {
    State(Executor executor, ProcessHandle process)
        : handle(std::move(process)), watched(executor, handle.descriptor()), ended(executor) {}

    ProcessHandle handle;
    WatchedDescriptor watched;
    async::Notifier ended;
    std::optional<ExitStatus> status;
};

std::string ExitStatus::describe() const {
    if (signal == 0) {
        return "exited with code " + std::to_string(code);
    }
    const char* name = sigabbrev_np(signal);
    return "was ended by signal " + std::to_string(signal) + " (" + (name == nullptr ? "?" : name) +
           ")";
}

Result<Child> Child::spawn(Executor executor, const Command& command) {
    const Result<FileDescriptor> output = open_output(command.output_file);
    if (!output) {
        return fail(output.error());
    }
    return spawn(executor, command, *output);
}

Result<Child> Child::spawn(Executor executor, const Command& command,
                           const FileDescriptor& output) {
    const Result<pid_t> pid = fork_and_execute(command, output);
    if (!pid) {
        return fail(pid.error());
    }
    std::optional<ProcessHandle> handle = ProcessHandle::open(*pid);
    auto state = handle ? std::make_shared<State>(executor, std::move(*handle)) : nullptr;
    if (!state || !state->watched.valid()) {
        const int failure = errno;
        kill_and_reap(*pid);
        return fail(system_error("watch " + command.arguments.front(), failure));
    }
    async::spawn(executor, watch(state));
    return Child(std::move(state));
}

Task<void> Child::watch(std::shared_ptr<State> state) {
    while (!state->status) {
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(async::use_task, error);
        auto& stream = state->watched.stream();
        co_await stream.async_wait(WatchedDescriptor::Stream::wait_read, token);
        state->status = reap(state->handle);
    }
    state->ended.notify_all();
}

Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

Child::~Child() {
    if (state_ && !state_->status) {
        state_->handle.signal(SIGKILL);
    }
}

pid_t Child::pid() const {
    return state_->handle.pid();
}

bool Child::signal(int number) const {
    return !state_->status && state_->handle.signal(number);
}

Task<ExitStatus> Child::wait() const {
    const std::shared_ptr<State> state = state_;
    while (!state->status) {
        co_await state->ended.wait();
    }
    co_return *state->status;
}

Task<std::optional<ExitStatus>> Child::wait_until(Deadline deadline) const {
    const std::shared_ptr<State> state = state_;
    while (!state->status && !deadline.passed()) {
        co_await state->ended.wait_until(deadline);
    }
    co_return state->status;
}

Task<ExitStatus> Child::terminate(std::vector<Escalation> steps) const {
    for (const Escalation& step : steps) {
        signal(step.signal);
        const Deadline deadline = Deadline::after(step.patience);
        const std::optional<ExitStatus> status = co_await wait_until(deadline);
        if (status) {
            co_return *status;
        }
    }
    signal(SIGKILL);
    const ExitStatus status = co_await wait();
    co_return status;
}

std::filesystem::path find_program(const std::string& name) {
    const char* set = std::getenv("PATH");
    const std::string path = set == nullptr ? "/usr/local/bin:/usr/bin:/bin" : set;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        // An empty part means the working directory: never a place to run programs from.
        if (end > begin) {
            const auto candidate = std::filesystem::path(path.substr(begin, end - begin)) / name;
            if (::access(candidate.c_str(), X_OK) == 0) {
                return candidate;
            }
        }
        begin = end + 1;
    }
    return {};
}

}  // namespace pgmind::process
