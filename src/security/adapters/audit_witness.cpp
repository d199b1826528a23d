#include "security/adapters/audit_witness.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "platform/json/writer.hpp"
#include "platform/process/child.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::security {
namespace {

constexpr std::chrono::seconds kPause{1};
constexpr std::chrono::seconds kTimeout{10};
constexpr std::size_t kOutputBytesMax = 1'024;

Error file_error(const std::string& file) {
    return Error(BaseErrc::unavailable,
                 file + ": " + std::error_code(errno, std::system_category()).message());
}

// A line is one write, so that several gateways may share the file.
Result<void> append_synced(const std::string& file, const std::string& line) {
    const process::FileDescriptor descriptor(
        open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!descriptor.valid()) {
        return fail(file_error(file));
    }
    const ssize_t written = write(descriptor.get(), line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size()) || fdatasync(descriptor.get()) != 0) {
        return fail(file_error(file));
    }
    return {};
}

}  // namespace

std::string checkpoint_line(const AuditCheckpoint& checkpoint) {
    std::string line;
    json::ObjectWriter writer(line);
    writer.string("type", "checkpoint")
        .string("log_id", checkpoint.log_id)
        .number("size", static_cast<std::int64_t>(checkpoint.size))
        .string("root", checkpoint.root)
        .number("signed_at_us", checkpoint.signed_at_us)
        .string("key_id", checkpoint.key_id)
        .string("signature", checkpoint.signature);
    writer.end();
    return line;
}

AuditWitness::AuditWitness(Executor loop, const AuditSeal& seal, AuditWitnessOptions options)
    : seal_(seal), options_(std::move(options)), wake_(loop) {}

Task<Result<void>> AuditWitness::append_to_file(std::string line) {
    line += '\n';
    const Deadline deadline = Deadline::after(kTimeout);
    auto append = [file = options_.file, line = std::move(line)] {
        return append_synced(file, line);
    };
    auto done = co_await file_thread_.run(std::move(append), deadline);
    co_return done ? *done : fail(done.error());
}

Task<Result<void>> AuditWitness::call_command(std::string line) {
    process::Command command;
    command.arguments = options_.command;
    command.arguments.push_back(std::move(line));
    const Deadline deadline = Deadline::after(kTimeout);
    auto done = co_await process::run(std::move(command), kOutputBytesMax, deadline);
    if (!done) {
        co_return fail(std::move(done.error()));
    }
    if (!done->status.success()) {
        co_return fail(BaseErrc::unavailable, options_.command.front() + " " +
                                                  done->status.describe() + ": " + done->output);
    }
    co_return Result<void>();
}

Task<void> AuditWitness::hand_over() {
    const AuditCheckpoint newest = seal_.last();
    if (newest.size == 0 || (newest.log_id == last_log_ && newest.size == last_size_)) {
        co_return;
    }
    Result<void> done;
    if (!options_.file.empty()) {
        done = co_await append_to_file(checkpoint_line(newest));
    }
    if (done && !options_.command.empty()) {
        done = co_await call_command(checkpoint_line(newest));
    }
    if (done) {
        last_log_ = newest.log_id;
        last_size_ = newest.size;
    }
    if (failing_ != !done) {
        failing_ = !done;
        if (failing_) {
            log::error("the witness of the audit log takes no checkpoints",
                       {{"problem", done.error().detail}});
        } else {
            log::info("the witness of the audit log takes checkpoints again");
        }
    }
}

Task<void> AuditWitness::run() {
    if (options_.file.empty() && options_.command.empty()) {
        co_return;
    }
    while (!stopping_) {
        co_await hand_over();
        if (!stopping_) {
            const Deadline next = Deadline::after(kPause);
            co_await wake_.wait_until(next);
        }
    }
    co_await hand_over();
}

void AuditWitness::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
