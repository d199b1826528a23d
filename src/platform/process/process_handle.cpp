#include "platform/process/process_handle.hpp"

#include <string>
#include <system_error>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pgmind::process {
namespace {

using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

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
    // A duplicate, since Asio closes what it was given and may register a descriptor only once.
    // Shared with the timer, whose handler may run after this coroutine has gone on.
    auto descriptor = std::make_shared<Descriptor>(executor, ::dup(descriptor_.get()));
    Timer timer(executor);
    timer.expires_at(deadline.when());
    timer.async_wait([descriptor](const boost::system::error_code& error) {
        if (!error) {
            descriptor->cancel();
        }
    });
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(async::use_task, error);
    co_await descriptor->async_wait(Descriptor::wait_read, token);
    timer.cancel();
    co_return has_ended();
}

}  // namespace pgmind::process
