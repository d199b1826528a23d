#include "cluster/adapters/postgres_orphans.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <signal.h>

#include "cluster/adapters/postmaster_file.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/files.hpp"
#include "platform/process/process_handle.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kPidFileBytesMax = 4096;
/// How long a backend may take to notice that its postmaster is gone, and a signal to work.
constexpr std::chrono::seconds kNotice{5};
/// How long an orphan may take for its shutdown checkpoint.
constexpr std::chrono::seconds kFastShutdown{60};

using Programs = std::span<const std::string_view>;

constexpr std::array<std::string_view, 1> kServer{"postgres"};
constexpr std::array<std::string_view, 2> kInitialisation{"postgres", "initdb"};

bool works_on(const process::ProcessHandle& process, const std::filesystem::path& data,
              Programs programs) {
    if (process.working_directory() != data) {
        return false;
    }
    // A program that was upgraded meanwhile shows as "postgres (deleted)".
    const std::string program = process.executable().filename();
    return std::any_of(programs.begin(), programs.end(),
                       [&](std::string_view name) { return program.starts_with(name); });
}

std::vector<process::ProcessHandle> processes_on(const std::filesystem::path& data,
                                                 Programs programs) {
    std::vector<process::ProcessHandle> found;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", failure)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) {
            continue;
        }
        std::optional<process::ProcessHandle> process = process::ProcessHandle::open(pid);
        if (process && works_on(*process, data, programs)) {
            found.push_back(std::move(*process));
        }
    }
    return found;
}

std::optional<PostmasterFile> read_postmaster_file(const std::filesystem::path& data) {
    const auto text = process::read_file(data / "postmaster.pid", kPidFileBytesMax);
    return text ? parse_postmaster_file(*text) : std::nullopt;
}

struct Step {
    int signal;
    Deadline until;
};

// Signals all of them, then waits for all of them; true when none is left.
Task<bool> take_step(const std::vector<process::ProcessHandle>& processes, Step step) {
    for (const process::ProcessHandle& process : processes) {
        if (step.signal != 0) {
            process.signal(step.signal);
            process.signal(SIGCONT);  // A process that was stopped would not hear of the other.
        }
    }
    bool all_ended = true;
    for (const process::ProcessHandle& process : processes) {
        const bool ended = co_await process.wait_until_ended(step.until);
        all_ended = all_ended && ended;
    }
    co_return all_ended;
}

// Fast shutdown first, then without a checkpoint, then by force. None of them loses
// what was acknowledged.
Task<bool> end_postmaster(std::vector<process::ProcessHandle> postmaster, Deadline deadline) {
    const Step fast{SIGINT, deadline.capped(kFastShutdown)};
    bool ended = co_await take_step(postmaster, fast);
    for (const int signal : {SIGQUIT, SIGKILL}) {
        if (!ended) {
            const Step step{signal, Deadline::after(kNotice)};
            ended = co_await take_step(postmaster, step);
        }
    }
    co_return ended;
}

// Takes a step with each signal until nothing is left.
Task<bool> end_all(std::filesystem::path data, Programs programs, std::vector<int> signals) {
    for (const int signal : signals) {
        const std::vector<process::ProcessHandle> left = processes_on(data, programs);
        if (left.empty()) {
            co_return true;
        }
        const Step step{signal, Deadline::after(kNotice)};
        co_await take_step(left, step);
    }
    const std::vector<process::ProcessHandle> stubborn = processes_on(data, programs);
    co_return stubborn.empty();
}

}  // namespace

Task<Result<void>> end_orphans(std::filesystem::path data, Deadline deadline) {
    const std::optional<PostmasterFile> file = read_postmaster_file(data);
    if (!file) {
        co_return Result<void>();
    }
    std::optional<process::ProcessHandle> postmaster = process::ProcessHandle::open(file->pid);
    if (postmaster && works_on(*postmaster, data, kServer)) {
        std::vector<process::ProcessHandle> alone;
        alone.push_back(std::move(*postmaster));
        const bool ended = co_await end_postmaster(std::move(alone), deadline);
        if (!ended) {
            co_return fail(Errc::node_failed, "a PostgreSQL of a former run (pid " +
                                                  std::to_string(file->pid) + ") works on " +
                                                  data.string() + " and cannot be stopped");
        }
    }
    // Backends end by themselves when they notice that their postmaster is gone.
    std::vector<int> signals{0, SIGQUIT, SIGKILL};
    const bool alone = co_await end_all(data, kServer, std::move(signals));
    if (!alone) {
        co_return fail(Errc::node_failed, "processes of a former run work on " + data.string() +
                                              " and cannot be stopped");
    }
    // The pid may be another program's by now, which PostgreSQL would take for a running server.
    std::error_code ignored;
    std::filesystem::remove(data / "postmaster.pid", ignored);
    co_return Result<void>();
}

Task<Result<void>> end_initialisation(std::filesystem::path data) {
    // Twice, since initdb may have started a PostgreSQL while the first look was taken.
    std::vector<int> signals{SIGKILL, SIGKILL};
    const bool ended = co_await end_all(data, kInitialisation, std::move(signals));
    if (!ended) {
        co_return fail(Errc::node_failed, "an initdb of a former run works on " + data.string() +
                                              " and cannot be stopped");
    }
    co_return Result<void>();
}

}  // namespace pgmind::cluster
