#include <array>
#include <cerrno>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/process/child.hpp"
#include "platform/process/errors.hpp"
#include "platform/process/process_handle.hpp"
#include "platform/process/spawn.hpp"

namespace pgmind::process {
namespace {

using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

void keep_last(std::string& output, std::size_t bytes_max) {
    if (output.size() > bytes_max) {
        output.erase(0, output.size() - bytes_max);
    }
}

// Reads until every holder of the pipe's other end has closed it, or the deadline.
Task<std::string> read_all(std::shared_ptr<Descriptor> pipe, std::size_t bytes_max,
                           Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    Timer timer(executor);
    timer.expires_at(deadline.when());
    timer.async_wait([pipe](const boost::system::error_code& error) {
        if (!error) {
            pipe->cancel();
        }
    });
    std::string output;
    std::array<char, 4096> buffer{};
    boost::system::error_code error;
    while (!error) {
        auto token = boost::asio::redirect_error(async::use_task, error);
        const auto space = boost::asio::buffer(buffer);
        const std::size_t count = co_await pipe->async_read_some(space, token);
        output.append(buffer.data(), count);
        keep_last(output, bytes_max);
    }
    timer.cancel();
    co_return output;
}

}  // namespace

Task<Result<Completed>> run(Command command, std::size_t output_bytes_max, Deadline deadline) {
    const Executor executor = co_await async::this_executor();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        co_return fail(system_error("start " + command.arguments.front(), errno));
    }
    auto reader = std::make_shared<Descriptor>(executor, ends[0]);
    FileDescriptor writer = above_standard(FileDescriptor(ends[1]));
    Result<Child> child = Child::spawn(executor, command, writer);
    writer.close();
    if (!child) {
        co_return fail(std::move(child.error()));
    }
    std::string output = co_await read_all(reader, output_bytes_max, deadline);
    const std::optional<ExitStatus> status = co_await child->wait_until(deadline);
    if (!status) {
        // Its session has its own process group: what it started goes with it.
        ::kill(-child->pid(), SIGKILL);
        co_await child->wait();
        co_return fail(Errc::deadline_exceeded,
                       command.arguments.front() + " did not finish in time");
    }
    co_return Completed{*status, std::move(output)};
}

}  // namespace pgmind::process
