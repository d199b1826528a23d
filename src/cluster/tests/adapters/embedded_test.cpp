#include "cluster/tests/adapters/embedded_test.hpp"

#include <boost/asio/io_context.hpp>
#include <unistd.h>

#include "cluster/adapters/postmaster_file.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

Task<std::string> ask_once(postgres::ConnectionOptions options, std::string sql) {
    const Deadline deadline = Deadline::after(std::chrono::seconds(30));
    auto session = co_await postgres::Session::connect(std::move(options), deadline);
    if (!session) {
        co_return "error: " + session.error().detail;
    }
    const auto rows = co_await session->query(std::move(sql), postgres::Parameters(), deadline);
    if (!rows) {
        co_return "error: " + rows.error().detail;
    }
    co_return rows->empty() ? std::string() : std::string(rows->text(0, 0));
}

}  // namespace

std::string EmbeddedTest::ask(const Result<postgres::ConnectionOptions>& where, std::string sql) {
    if (!where) {
        return "error: " + where.error().detail;
    }
    boost::asio::io_context loop;
    return async::run_blocking_loop(loop, ask_once(*where, std::move(sql)));
}

std::filesystem::path EmbeddedTest::roomy_memory_directory() {
    constexpr std::uint64_t kRoom = 3ULL << 30;
    const std::filesystem::path memory("/dev/shm");
    const bool usable =
        ::access(memory.c_str(), W_OK) == 0 && process::free_bytes(memory).value_or(0) > kRoom;
    return usable ? memory : std::filesystem::temp_directory_path();
}

pid_t EmbeddedTest::postmaster_of(const RunningCluster& cluster, const std::string& node) {
    const auto text = process::read_file(cluster.directory() / node / "postmaster.pid", 4096);
    const auto file = text ? parse_postmaster_file(*text) : std::nullopt;
    return file ? file->pid : 0;
}

}  // namespace pgmind::cluster
