#include "cluster/adapters/postgres_instances.hpp"

#include <map>
#include <system_error>

#include <signal.h>

#include "cluster/adapters/node_certificates.hpp"
#include "cluster/adapters/postgres_initialise.hpp"
#include "cluster/adapters/postgres_orphans.hpp"
#include "cluster/adapters/postgres_programs.hpp"
#include "cluster/adapters/postgres_settings.hpp"
#include "cluster/adapters/postmaster_file.hpp"
#include "cluster/adapters/process_errors.hpp"
#include "cluster/api/errors.hpp"
#include "platform/process/child.hpp"
#include "platform/process/errors.hpp"
#include "platform/process/files.hpp"
#include "platform/process/port_reservation.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::cluster {
namespace {

using std::chrono::milliseconds;

/// PostgreSQL tells that it is ready by a line in a file, so the file has to be looked at.
constexpr milliseconds kReadyCheck{10};
constexpr std::chrono::seconds kForcedStop{5};
constexpr std::size_t kReasonBytesMax = 16UL * 1024;

class PostgresInstances final : public Instances {
  public:
    PostgresInstances(Executor executor, InstanceOptions options)
        : executor_(executor), options_(std::move(options)) {}

    Task<Result<int>> find_programs(std::optional<int> major, Deadline deadline) override;
    Task<Result<void>> stop_orphan(Node node, Deadline deadline) override;
    Task<Result<void>> remove_leftovers(Node node) override;
    Result<Node> reserve_port(const Node& node) override;
    Task<Result<void>> initialise(Node node, Deadline deadline) override;
    Task<Result<void>> start(Node node, Deadline deadline) override;
    Task<std::string> wait_for_end(Node node) override;
    Task<void> stop(Node node, Deadline deadline) override;
    void cancel() override;
    void maintain(const Node& node) override;
    Result<WallTime> renew_certificate(const Node& node, bool anyway) override;

  private:
    struct Slot {
        std::optional<process::PortReservation> port;
        std::shared_ptr<process::Child> child;
        std::optional<WallTime> certificate_end;
        bool renewal_fails = false;  ///< and was told
    };

    std::filesystem::path data_of(const Node& node) const {
        return options_.layout.data_directory(node.name);
    }
    std::filesystem::path log_of(const Node& node) const {
        return options_.layout.log_directory() / (node.name + ".log");
    }
    // What it writes before its own log begins.
    std::filesystem::path start_log_of(const Node& node) const {
        return options_.layout.log_directory() / (node.name + ".start.log");
    }
    const process::Identity* owner() const {
        return options_.server_user ? &*options_.server_user : nullptr;
    }
    Result<void> write_settings(const Node& node) const;
    void trim_log(const Node& node);
    process::Command command_for(const Node& node) const;
    bool is_ready(const Node& node, pid_t pid) const;
    Task<Result<void>> wait_until_ready(Node node, std::shared_ptr<process::Child> child,
                                        Deadline deadline);
    std::string output_since(const Node& node, std::uintmax_t log_begin) const;

    Executor executor_;
    InstanceOptions options_;
    std::map<std::string, Slot> slots_;  // By node; references to its elements stay valid.
    bool cancelled_ = false;
};

Task<Result<int>> PostgresInstances::find_programs(std::optional<int> major, Deadline deadline) {
    const auto programs = co_await find_postgres(options_.programs, major, deadline);
    if (!programs) {
        co_return fail(programs.error());
    }
    options_.programs = programs->directory;
    co_return programs->major;
}

Task<Result<void>> PostgresInstances::stop_orphan(Node node, Deadline deadline) {
    Result<void> ended = co_await end_orphans(data_of(node), deadline);
    co_return ended;
}

Task<Result<void>> PostgresInstances::remove_leftovers(Node node) {
    Result<void> removed = co_await remove_abandoned(options_.layout, node.name);
    co_return removed;
}

Result<Node> PostgresInstances::reserve_port(const Node& node) {
    Result<process::PortReservation> taken = process::PortReservation::take(node.port);
    if (!taken && taken.error().code == process::Errc::in_use) {
        return fail(Errc::port_in_use,
                    "port " + std::to_string(node.port) + ", for " + node.name +
                        ", is in use by another program: stop that or choose other ports",
                    node.role == NodeRole::coordinator ? "coordinator_port" : "shard_port");
    }
    if (!taken) {
        return fail(from_process(taken.error()));
    }
    Node reserved = node;
    reserved.port = taken->port();
    slots_[node.name].port.emplace(std::move(*taken));
    return reserved;
}

Task<Result<void>> PostgresInstances::initialise(Node node, Deadline deadline) {
    if (cancelled_) {
        co_return fail(Errc::cancelled, "the start was cancelled");
    }
    if (std::filesystem::exists(data_of(node))) {
        co_return Result<void>();
    }
    const InitialiseInput input{options_.layout, node.name, options_.programs,
                                options_.server_user};
    Slot& slot = slots_[node.name];
    ChildObserver observer = [&slot](std::shared_ptr<process::Child> child) {
        slot.child = std::move(child);
    };
    Result<void> done = co_await initialise_data(input, std::move(observer), deadline);
    slot.child.reset();
    if (!done && cancelled_) {
        co_return fail(Errc::cancelled, "the start was cancelled");
    }
    co_return done;
}

Result<void> PostgresInstances::write_settings(const Node& node) const {
    const SettingsInput input{node,
                              slots_.size(),  // Every node has reserved its port by now.
                              memory_of_this_machine(),
                              options_.connections_max,
                              options_.layout.run_directory(),
                              options_.layout.log_directory()};
    Result<void> written = process::write_atomically(data_of(node) / kSettingsFile,
                                                     settings_text(input), 0600, owner());
    if (written) {
        written =
            process::write_atomically(data_of(node) / "pg_hba.conf", access_text(), 0600, owner());
    }
    return written ? Result<void>() : fail(from_process(written.error()));
}

process::Command PostgresInstances::command_for(const Node& node) const {
    process::Command command;
    command.arguments = {options_.programs / "postgres", "-D", data_of(node)};
    command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"};
    command.identity = options_.server_user;
    command.output_file = start_log_of(node);
    // Fast shutdown, should this process be killed: nothing is left running unwatched.
    command.death_signal = SIGINT;
    return command;
}

Task<Result<void>> PostgresInstances::start(Node node, Deadline deadline) {
    if (cancelled_) {
        co_return fail(Errc::cancelled, "the start was cancelled");
    }
    // Backends of a postmaster that was killed may still hold its shared memory.
    Result<void> done = co_await end_orphans(data_of(node), deadline);
    if (!done) {
        co_return done;
    }
    if (cancelled_) {
        co_return fail(Errc::cancelled, "the start was cancelled");
    }
    done = write_settings(node);
    if (!done) {
        co_return done;
    }
    const auto certified = renew_certificate(node, false);
    if (!certified) {
        co_return fail(certified.error());
    }
    std::error_code missing;
    const std::uintmax_t log_size = std::filesystem::file_size(log_of(node), missing);
    const std::uintmax_t log_begin = missing ? 0 : log_size;
    Result<process::Child> started = process::Child::spawn(executor_, command_for(node));
    if (!started) {
        co_return fail(from_process(started.error()));
    }
    const auto child = std::make_shared<process::Child>(std::move(*started));
    slots_[node.name].child = child;
    done = co_await wait_until_ready(node, child, deadline);
    if (!done && done.error().code == Errc::node_failed) {
        co_return fail(
            from_output("PostgreSQL of " + node.name + " did not start: it " + done.error().detail,
                        output_since(node, log_begin)));
    }
    co_return done;
}

bool PostgresInstances::is_ready(const Node& node, pid_t pid) const {
    const auto text = process::read_file(data_of(node) / "postmaster.pid", 4096);
    const auto file = text ? parse_postmaster_file(*text) : std::nullopt;
    return file && file->pid == pid && file->status == "ready";
}

Task<Result<void>> PostgresInstances::wait_until_ready(Node node,
                                                       std::shared_ptr<process::Child> child,
                                                       Deadline deadline) {
    while (!is_ready(node, child->pid())) {
        const Deadline next = deadline.capped(kReadyCheck);
        const auto status = co_await child->wait_until(next);
        if (status) {
            co_return cancelled_ ? fail(Errc::cancelled, "the start was cancelled")
                                 : fail(Errc::node_failed, status->describe());
        }
        if (deadline.passed()) {
            std::vector<process::Escalation> steps{{SIGINT, kForcedStop}, {SIGQUIT, kForcedStop}};
            co_await child->terminate(std::move(steps));
            co_return fail(Errc::deadline_exceeded,
                           "PostgreSQL of " + node.name + " did not become ready in time");
        }
    }
    co_return Result<void>();
}

std::string PostgresInstances::output_since(const Node& node, std::uintmax_t log_begin) const {
    std::error_code missing;
    const std::uintmax_t size = std::filesystem::file_size(log_of(node), missing);
    std::string output = process::read_tail(start_log_of(node), kReasonBytesMax);
    if (!missing && size > log_begin) {
        const auto grown = static_cast<std::size_t>(size - log_begin);
        output += process::read_tail(log_of(node), std::min(grown, kReasonBytesMax));
    }
    return output;
}

Task<std::string> PostgresInstances::wait_for_end(Node node) {
    const std::shared_ptr<process::Child> child = slots_[node.name].child;
    const process::ExitStatus status = co_await child->wait();
    co_return status.describe();
}

Task<void> PostgresInstances::stop(Node node, Deadline deadline) {
    const std::shared_ptr<process::Child> child = slots_[node.name].child;
    if (!child) {
        co_return;
    }
    const auto patience = std::chrono::ceil<milliseconds>(deadline.remaining());
    std::vector<process::Escalation> steps{{SIGINT, patience}, {SIGQUIT, kForcedStop}};
    co_await child->terminate(std::move(steps));
}

void PostgresInstances::cancel() {
    cancelled_ = true;
    for (const auto& [name, slot] : slots_) {
        if (slot.child) {
            slot.child->signal(SIGINT);
        }
    }
}

void PostgresInstances::maintain(const Node& node) {
    trim_log(node);
    const auto renewed = renew_certificate(node, false);
    bool& told = slots_[node.name].renewal_fails;
    if (!renewed && !told) {
        log::error("the certificate of a PostgreSQL server cannot be renewed",
                   {{"node", node.name}, {"error", renewed.error().detail}});
    }
    told = !renewed;
}

Result<WallTime> PostgresInstances::renew_certificate(const Node& node, bool anyway) {
    Slot& slot = slots_[node.name];
    if (!anyway && slot.certificate_end &&
        system_clock().now() < NodeCertificates::renewal_of(*slot.certificate_end)) {
        return *slot.certificate_end;
    }
    CertificatePlace place;
    place.certificate = data_of(node) / "server.crt";
    place.key = data_of(node) / "server.key";
    place.owner = owner();
    place.common_name = "pgmind " + node.name;
    place.dns_names = {"localhost", node.name};
    place.addresses = {"127.0.0.1"};
    Result<WallTime> end = NodeCertificates(options_.layout).ensure(place, anyway);
    if (!end) {
        return end;
    }
    slot.certificate_end = *end;
    if (slot.child) {
        slot.child->signal(SIGHUP);
    }
    return end;
}

void PostgresInstances::trim_log(const Node& node) {
    std::error_code missing;
    const std::uintmax_t size = std::filesystem::file_size(log_of(node), missing);
    const std::shared_ptr<process::Child> child = slots_[node.name].child;
    if (missing || size <= options_.log_bytes_max || !child) {
        return;
    }
    // This file and the signal together ask PostgreSQL to open its log anew. If any of it fails,
    // the log grows on, and the next call tries again.
    if (!process::write_atomically(data_of(node) / "logrotate", "", 0600, owner())) {
        return;
    }
    std::error_code failure;
    std::filesystem::rename(log_of(node), log_of(node).string() + ".1", failure);
    if (!failure) {
        child->signal(SIGUSR1);
    }
}

}  // namespace

std::unique_ptr<Instances> make_postgres_instances(Executor executor, InstanceOptions options) {
    return std::make_unique<PostgresInstances>(executor, std::move(options));
}

}  // namespace pgmind::cluster
