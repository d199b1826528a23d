#include "cluster/adapters/postgres_initialise.hpp"

#include <system_error>

#include <signal.h>
#include <unistd.h>

#include "cluster/adapters/postgres_orphans.hpp"
#include "cluster/adapters/postgres_settings.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/errors.hpp"
#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::size_t kOutputBytesMax = 64UL * 1024;
constexpr int kRemovalAttempts = 5;

const process::Identity* owner_of(const InitialiseInput& input) {
    return input.server_user ? &*input.server_user : nullptr;
}

// A file that is gone when the scope ends, however it ends.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
    ~TemporaryFile() {
        std::error_code ignored;  // The next attempt writes over it.
        std::filesystem::remove(path_, ignored);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

process::Command initdb_command(const InitialiseInput& input, const std::filesystem::path& data,
                                const std::filesystem::path& password_file,
                                const std::filesystem::path& output_file) {
    process::Command command;
    command.arguments = {input.programs / "initdb",
                         "--pgdata=" + data.string(),
                         "--username=" + std::string(name_of(Role::superuser)),
                         "--pwfile=" + password_file.string(),
                         "--auth=scram-sha-256",
                         "--data-checksums",
                         "--encoding=UTF8",
                         "--locale=C.UTF-8",
                         "--no-instructions"};
    command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"};
    command.identity = input.server_user;
    command.output_file = output_file;
    command.working_directory = data;  // By which a later start knows what is left of this one.
    command.death_signal = SIGKILL;  // What it has made by then is thrown away anyhow.
    return command;
}

Task<Result<void>> run_initdb(InitialiseInput input, std::filesystem::path data,
                              ChildObserver observer, Deadline deadline) {
    const TemporaryFile password_file(input.layout.run_directory() / (input.node + ".password"));
    const TemporaryFile output_file(input.layout.log_directory() / (input.node + ".initdb.log"));
    const auto password = Secrets(input.layout).password(Role::superuser);
    if (!password) {
        co_return fail(password.error());
    }
    const Result<void> written =
        process::write_atomically(password_file.path(), *password + "\n", 0600, owner_of(input));
    if (!written) {
        co_return fail(from_process(written.error()));
    }
    const Executor executor = co_await async::this_executor();
    const auto command = initdb_command(input, data, password_file.path(), output_file.path());
    Result<process::Child> started = process::Child::spawn(executor, command);
    if (!started) {
        co_return fail(from_process(started.error()));
    }
    const auto child = std::make_shared<process::Child>(std::move(*started));
    observer(child);
    auto status = co_await child->wait_until(deadline);
    if (!status) {
        std::vector<process::Escalation> steps{{SIGINT, std::chrono::seconds(5)}};
        co_await child->terminate(std::move(steps));
        co_return fail(Errc::deadline_exceeded, "initdb for " + input.node + " took too long");
    }
    if (!status->success()) {
        const std::string output = process::read_tail(output_file.path(), kOutputBytesMax);
        co_return fail(from_output("cannot make the data of " + input.node, output));
    }
    co_return Result<void>();
}

// Our settings come last, so that they are stronger than what initdb wrote.
Result<void> include_settings(const std::filesystem::path& data, const process::Identity* owner) {
    const std::filesystem::path file = data / "postgresql.conf";
    Result<std::string> text = process::read_file(file, 1 << 20);
    if (!text) {
        return fail(from_process(text.error()));
    }
    *text += "\ninclude = " + quoted_setting(std::string(kSettingsFile)) + "\n";
    const Result<void> written = process::write_atomically(file, *text, 0600, owner);
    return written ? Result<void>() : fail(from_process(written.error()));
}

Result<void> remove_unfinished(const std::filesystem::path& data) {
    std::error_code failure;
    std::filesystem::remove_all(data, failure);
    if (failure) {
        return fail(Errc::directory_unusable,
                    "cannot remove the unfinished " + data.string() + ": " + failure.message());
    }
    return {};
}

// The directories in which attempts to make a node's data went on that did not end well.
std::vector<std::filesystem::path> unfinished_of(const NodeLayout& layout,
                                                 const std::string& node) {
    const std::string prefix = NodeLayout::unfinished_prefix(node);
    std::vector<std::filesystem::path> found;
    std::error_code ignored;  // A directory that cannot be read fails the start elsewhere.
    for (const auto& entry : std::filesystem::directory_iterator(layout.directory(), ignored)) {
        if (entry.path().filename().string().starts_with(prefix)) {
            found.push_back(entry.path());
        }
    }
    return found;
}

Task<Result<void>> make_unfinished(InitialiseInput input, std::filesystem::path data,
                                   ChildObserver observer, Deadline deadline) {
    const process::Identity* owner = owner_of(input);
    Result<void> done = process::ensure_directory(data, 0700, owner);
    if (!done) {
        co_return fail(from_process(done.error()));
    }
    done = co_await run_initdb(input, data, std::move(observer), deadline);
    if (!done) {
        co_return done;
    }
    // initdb has synchronised its own files.
    done = include_settings(data, owner_of(input));
    co_return done;
}

}  // namespace

Task<Result<void>> remove_abandoned(NodeLayout layout, std::string node) {
    Result<void> removed;
    // A shell of initdb's may be about to become a PostgreSQL; the next look sees that.
    for (int attempt = 0; attempt < kRemovalAttempts; ++attempt) {
        const std::vector<std::filesystem::path> left = unfinished_of(layout, node);
        if (left.empty()) {
            co_return Result<void>();
        }
        for (const std::filesystem::path& data : left) {
            removed = co_await end_initialisation(data);
            if (!removed) {
                co_return removed;
            }
            removed = remove_unfinished(data);
        }
    }
    co_return removed;
}

Task<Result<void>> initialise_data(InitialiseInput input, ChildObserver observer,
                                   Deadline deadline) {
    const std::filesystem::path data =
        input.layout.unfinished_directory(input.node, std::to_string(::getpid()));
    Result<void> done = remove_unfinished(data);
    if (!done) {
        co_return done;
    }
    done = co_await make_unfinished(input, data, std::move(observer), deadline);
    if (!done) {
        remove_unfinished(data);  // If this fails too, the next attempt says so.
        co_return done;
    }
    std::error_code failure;
    std::filesystem::rename(data, input.layout.data_directory(input.node), failure);
    if (failure) {
        co_return fail(Errc::directory_unusable,
                       "cannot rename " + data.string() + ": " + failure.message());
    }
    done = process::sync_directory(input.layout.directory());
    co_return done ? Result<void>() : fail(from_process(done.error()));
}

}  // namespace pgmind::cluster
