#include "platform/process/child.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/process/errors.hpp"
#include "platform/process/files.hpp"
#include "platform/process/process_handle.hpp"
#include "platform/process/tests/temporary_directory.hpp"

namespace pgmind::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Command shell(std::string script) {
    Command command;
    command.arguments = {"/bin/sh", "-c", std::move(script)};
    command.environment = {"PATH=/usr/bin:/bin"};
    return command;
}

class ChildTest : public testing::Test {
  protected:
    Result<Completed> run_shell(std::string script) {
        return async::run_blocking_loop(
            loop_, run(shell(std::move(script)), 4096, Deadline::after(seconds(30))));
    }
    Child spawn(const Command& command) {
        Result<Child> child = Child::spawn(loop_.get_executor(), command);
        EXPECT_TRUE(child) << child.error().detail;
        return std::move(*child);
    }

    boost::asio::io_context loop_;
    TemporaryDirectory directory_;
};

TEST_F(ChildTest, RunGivesBothOutputsAndTheExitCode) {
    const auto done = run_shell("echo out; echo err >&2; exit 3");
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(done->output, "out\nerr\n");
    EXPECT_EQ(done->status.code, 3);
    EXPECT_EQ(done->status.describe(), "exited with code 3");
    EXPECT_FALSE(done->status.success());
}

TEST_F(ChildTest, RunKeepsTheEndOfALongOutput) {
    const auto done = run_shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done");
    ASSERT_TRUE(done);
    EXPECT_EQ(done->output.size(), 4096U);
    EXPECT_TRUE(done->output.ends_with("2998\n2999\n"));
}

TEST_F(ChildTest, RunPastItsDeadlineKillsTheWholeGroup) {
    const auto late = async::run_blocking_loop(
        loop_,
        run(shell("sleep 600 & sleep 600; exit 0"), 4096, Deadline::after(milliseconds(200))));
    ASSERT_FALSE(late);
    EXPECT_TRUE(late.error().is(Failure::deadline_exceeded));
}

TEST_F(ChildTest, SaysThatAProgramIsMissing) {
    Command command;
    command.arguments = {"/nonexistent/program"};
    const Result<Child> child = Child::spawn(loop_.get_executor(), command);
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, Errc::not_found);
    EXPECT_EQ(child.error().reason, "ENOENT");
    EXPECT_NE(child.error().detail.find("/nonexistent/program (execute)"), std::string::npos);
}

TEST_F(ChildTest, SaysThatItsDirectoryIsMissing) {
    Command command = shell("exit 0");
    command.working_directory = directory_.path() / "missing";
    const Result<Child> child = Child::spawn(loop_.get_executor(), command);
    ASSERT_FALSE(child);
    EXPECT_NE(child.error().detail.find("enter the working directory"), std::string::npos);
}

TEST_F(ChildTest, InheritsNothing) {
    ::setenv("PGMIND_TEST_LEAK", "1", 1);
    const FileDescriptor leaked(::dup(0));
    const auto done = run_shell(
        "echo [$PGMIND_TEST_LEAK]; ls /proc/self/fd | sort -n | tail -1; "
        "grep SigBlk /proc/self/status; umask");
    ::unsetenv("PGMIND_TEST_LEAK");
    ASSERT_TRUE(done);
    // ls itself opens descriptor 3 to read the directory.
    EXPECT_EQ(done->output, "[]\n3\nSigBlk:\t0000000000000000\n0077\n");
}

TEST_F(ChildTest, LeadsASessionOfItsOwn) {
    const auto done = run_shell("cut -d' ' -f1,5,6 /proc/$$/stat");
    ASSERT_TRUE(done);
    std::istringstream words(done->output);
    std::string pid, group, session;
    words >> pid >> group >> session;
    EXPECT_EQ(pid, group);
    EXPECT_EQ(pid, session);
}

TEST_F(ChildTest, WritesToItsFileAnew) {
    const auto file = directory_.path() / "out.log";
    for (const char* text : {"first and longer", "second"}) {
        Command command = shell(std::string("echo ") + text);
        command.output_file = file;
        const Child child = spawn(command);
        const ExitStatus status = async::run_blocking_loop(loop_, child.wait());
        EXPECT_TRUE(status.success());
    }
    EXPECT_EQ(read_file(file, 100).value(), "second\n");
}

TEST_F(ChildTest, WritesToNoFileThroughALink) {
    const auto target = directory_.path() / "target";
    ASSERT_TRUE(write_atomically(target, "untouched", 0600));
    std::filesystem::create_symlink(target, directory_.path() / "symbolic");
    std::filesystem::create_hard_link(target, directory_.path() / "hard");
    for (const char* name : {"symbolic", "hard"}) {
        Command command = shell("echo overwritten");
        command.output_file = directory_.path() / name;
        EXPECT_FALSE(Child::spawn(loop_.get_executor(), command)) << name;
    }
    EXPECT_EQ(read_file(target, 100).value(), "untouched");
}

TEST_F(ChildTest, WaitUntilGivesUpAtTheDeadline) {
    const Child child = spawn(shell("exec sleep 600"));
    const auto early =
        async::run_blocking_loop(loop_, child.wait_until(Deadline::after(milliseconds(20))));
    EXPECT_FALSE(early);
    EXPECT_TRUE(child.signal(SIGTERM));
    const ExitStatus status = async::run_blocking_loop(loop_, child.wait());
    EXPECT_EQ(status.describe(), "was ended by signal 15 (TERM)");
    EXPECT_FALSE(child.signal(SIGTERM));
}

TEST_F(ChildTest, TerminateEscalatesUntilTheProcessGives) {
    const auto ready = directory_.path() / "ready";
    const Child stubborn =
        spawn(shell("trap '' TERM INT; touch " + ready.string() + "; while :; do sleep 600; done"));
    while (!std::filesystem::exists(ready)) {
        std::this_thread::yield();
    }
    const ExitStatus status = async::run_blocking_loop(
        loop_, stubborn.terminate({{SIGTERM, milliseconds(30)}, {SIGINT, milliseconds(30)}}));
    EXPECT_EQ(status.signal, SIGKILL);
    ::kill(-stubborn.pid(), SIGKILL);  // its own child, sleep
}

TEST_F(ChildTest, DroppedHandleKillsAndReaps) {
    pid_t pid = 0;
    {
        const Child child = spawn(shell("exec sleep 600"));
        pid = child.pid();
    }
    loop_.run();  // The watch is all the work there is: it ends when the child was reaped.
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(ChildTest, RunsAsAnotherUser) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "changing the user needs root";
    }
    const Result<Identity> nobody = identity_of_user("nobody");
    ASSERT_TRUE(nobody);
    Command command = shell("id -u; id -g; id -G");
    command.identity = *nobody;
    const auto done =
        async::run_blocking_loop(loop_, run(command, 4096, Deadline::after(seconds(30))));
    ASSERT_TRUE(done) << done.error().detail;
    const std::string uid = std::to_string(nobody->uid) + "\n";
    const std::string gid = std::to_string(nobody->gid) + "\n";
    EXPECT_EQ(done->output, uid + gid + gid);
}

// Starts a program in a process of its own which then dies at once, as kill -9 would have it.
pid_t spawn_in_a_parent_that_dies(const Command& command) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        boost::asio::io_context loop;
        Result<Child> child = Child::spawn(loop.get_executor(), command);
        const pid_t pid = child ? child->pid() : 0;
        [[maybe_unused]] const ssize_t written = ::write(ends[1], &pid, sizeof pid);
        ::kill(::getpid(), SIGKILL);
    }
    pid_t pid = 0;
    EXPECT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    ::close(ends[0]);
    ::close(ends[1]);
    ::waitpid(parent, nullptr, 0);
    return pid;
}

TEST_F(ChildTest, GetsItsDeathSignalWhenItsParentIsKilled) {
    // The orphan comes to this process, so that its end can be seen.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    for (const bool as_another_user : {false, true}) {
        Command command = shell("exec sleep 600");
        command.death_signal = SIGINT;
        if (as_another_user) {
            if (::geteuid() != 0) {
                break;
            }
            command.identity = identity_of_user("nobody").value();
        }
        const pid_t orphan = spawn_in_a_parent_that_dies(command);
        ASSERT_GT(orphan, 0);
        int status = 0;
        ASSERT_EQ(::waitpid(orphan, &status, 0), orphan);
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_EQ(WTERMSIG(status), SIGINT);
    }
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

TEST_F(ChildTest, HandleSeesAForeignProcess) {
    const Child child = spawn(shell("cd /usr && exec sleep 600"));
    std::optional<ProcessHandle> handle = ProcessHandle::open(child.pid());
    ASSERT_TRUE(handle);
    while (handle->executable().filename() != "sleep") {
        std::this_thread::yield();
    }
    EXPECT_EQ(handle->working_directory(), "/usr");
    EXPECT_FALSE(handle->has_ended());
    const bool early = async::run_blocking_loop(
        loop_, handle->wait_until_ended(Deadline::after(milliseconds(20))));
    EXPECT_FALSE(early);
    EXPECT_TRUE(handle->signal(SIGKILL));
    const bool ended =
        async::run_blocking_loop(loop_, handle->wait_until_ended(Deadline::after(seconds(30))));
    EXPECT_TRUE(ended);
    EXPECT_TRUE(handle->executable().empty());
    EXPECT_FALSE(ProcessHandle::open(0));
    EXPECT_FALSE(ProcessHandle::open(-5));
}

TEST_F(ChildTest, FindsProgramsByPath) {
    EXPECT_EQ(find_program("sh").filename(), "sh");
    EXPECT_TRUE(find_program("pgmind-no-such-program").empty());
}

}  // namespace
}  // namespace pgmind::process
