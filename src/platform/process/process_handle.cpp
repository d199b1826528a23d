#include "platform/process/process_handle.hpp"

#include <string>
#include <system_error>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/process/watched_descriptor.hpp"

namespace pgmind::process {
namespace {

using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

std::filesystem::path read_proc_link(pid_t pid, const char* name) {
    std::error_code failure;
    auto target =
        std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/" + name, failure);
    return failure ? std::filesystem::path() : target;
}

}  // namespace

std::optional<ProcessHandle> ProcessHandle::open(pid_t pid) {
    if (pid <= 0) {
        return std::nullopt;
    }
    // The raw calls, since the C library's header forgets extern "C" for them.
    FileDescriptor descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!descriptor.valid()) {
        return std::nullopt;
    }
    return ProcessHandle(pid, std::move(descriptor));
}

bool ProcessHandle::signal(int number) const {
    return ::syscall(SYS_pidfd_send_signal, descriptor_.get(), number, nullptr, 0) == 0;
}

bool ProcessHandle::has_ended() const {
    pollfd poll_for{descriptor_.get(), POLLIN, 0};
    return ::poll(&poll_for, 1, 0) > 0;
}

// What /proc says of a pid is about this process only if it still lives afterwards.
std::filesystem::path ProcessHandle::executable() const {
    std::filesystem::path path = read_proc_link(pid_, "exe");
    return has_ended() ? std::filesystem::path() : path;
}

std::filesystem::path ProcessHandle::working_directory() const {
    std::filesystem::path path = read_proc_link(pid_, "cwd");
    return has_ended() ? std::filesystem::path() : path;
}

Task<bool> ProcessHandle::wait_until_ended(Deadline deadline) const {
    const Executor executor = co_await async::this_executor();
    // Shared with the timer, whose handler may run after this coroutine has gone on.
    auto watched = std::make_shared<WatchedDescriptor>(executor, descriptor_.get());
    if (!watched->valid()) {
        co_return has_ended();
    }
    Timer timer(executor);
    timer.expires_at(deadline.when());
    timer.async_wait([watched](const boost::system::error_code& error) {
        if (!error) {
            watched->stream().cancel();
        }
    });
    // The event loop may wake without cause.
    while (!has_ended() && !deadline.passed()) {
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(async::use_task, error);
        co_await watched->stream().async_wait(WatchedDescriptor::Stream::wait_read, token);
    }
    timer.cancel();
    co_return has_ended();
}

}  // namespace pgmind::process
