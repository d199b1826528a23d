#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/types.h>

#include "async/task.hpp"
#include "platform/process/file_descriptor.hpp"
#include "platform/process/identity.hpp"

namespace pgmind::process {

/// A program to run. Nothing is inherited but what is said here: no descriptors, no environment,
/// no signal mask or handlers.
struct Command {
    std::vector<std::string> arguments;  ///< the first is the program's path; PATH is not searched
    std::vector<std::string> environment;  ///< "NAME=value"
    std::optional<Identity> identity;      ///< whom to run as; needs root
    std::filesystem::path working_directory = "/";
    std::filesystem::path output_file;  ///< for both outputs, begun anew; empty: they are discarded
    /// What the kernel sends the child when the thread that started it ends, so that a child never
    /// outlives a parent that was killed.
    int death_signal = SIGKILL;
    mode_t creation_mask = 077;
};

struct ExitStatus {
    int code = 0;    ///< meaningful when signal is 0
    int signal = 0;  ///< the signal that ended it, 0 when it exited by itself

    bool success() const { return code == 0 && signal == 0; }
    /// "exited with code 1", "was ended by signal 9 (KILL)".
    std::string describe() const;
};

/// One step of ending a process: send the signal, then wait this long for the end.
struct Escalation {
    int signal;
    std::chrono::milliseconds patience;
};

/// A child process, in a session (and so a process group) of its own, that Ctrl-C on a terminal
/// does not reach. Belongs to one event loop; spawn it on a thread that lives as long as the child
/// may, since the death signal goes by thread. It is always reaped. The destructor kills a child
/// that still runs: end it before with terminate().
class Child {
  public:
    /// Fails when the program cannot be executed; says at which step.
    static Result<Child> spawn(Executor executor, const Command& command);
    /// As above, with both outputs going to a descriptor instead of Command::output_file.
    static Result<Child> spawn(Executor executor, const Command& command,
                               const FileDescriptor& output);

    Child(Child&&) noexcept;
    Child& operator=(Child&&) noexcept;
    ~Child();

    pid_t pid() const;
    /// False when it has ended already.
    bool signal(int number) const;

    /// Any number of tasks may wait.
    Task<ExitStatus> wait() const;
    /// nullopt when the deadline passes first.
    Task<std::optional<ExitStatus>> wait_until(Deadline deadline) const;
    /// Takes the steps one after the other until the process has ended; after the last of them it
    /// kills (SIGKILL) and waits.
    Task<ExitStatus> terminate(std::vector<Escalation> steps) const;

  private:
    struct State;
    static Task<void> watch(std::shared_ptr<State> state);
    explicit Child(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

struct Completed {
    ExitStatus status;
    std::string output;  ///< both outputs, interleaved as they came; the last bytes of them
};

/// Runs a program to its end and gives what it wrote, at most the last `output_bytes_max` bytes.
/// At the deadline its whole process group is killed and the error is deadline_exceeded.
Task<Result<Completed>> run(Command command, std::size_t output_bytes_max, Deadline deadline);

/// The path of a program by the PATH of this process; empty when it is not there.
std::filesystem::path find_program(const std::string& name);

}  // namespace pgmind::process
