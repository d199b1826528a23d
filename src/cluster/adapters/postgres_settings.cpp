#include "cluster/adapters/postgres_settings.hpp"

#include <algorithm>
#include <charconv>

#include <unistd.h>

#include "platform/process/files.hpp"

namespace pgmind::cluster {
namespace {

constexpr std::uint64_t kMegabyte = 1ULL << 20;

constexpr std::string_view kHeader =
    R"(# Written by pgmind at each start. To change a setting use ALTER SYSTEM, or a file
# operator.conf beside this one: both are stronger than what stands here.

)";

constexpr std::string_view kFixedSettings = R"(
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
superuser_reserved_connections = 5
password_encryption = 'scram-sha-256'
# Certificate and key are server.crt and server.key in this directory, by the cluster's authority.
ssl = on
ssl_min_protocol_version = 'TLSv1.2'
client_connection_check_interval = 5s
idle_in_transaction_session_timeout = 5min

work_mem = 16MB
random_page_cost = 1.1
effective_io_concurrency = 64
# Statements here are short; compiling them would cost more than it saves.
jit = off

# An acknowledged write is on disk.
fsync = on
full_page_writes = on
synchronous_commit = on
# Slots move, and standbys are added, without a restart.
wal_level = logical
max_wal_senders = 10
max_replication_slots = 10
max_worker_processes = 16
max_slot_wal_keep_size = 4GB
wal_compression = on
min_wal_size = 80MB
max_wal_size = 1GB
checkpoint_timeout = 10min

# Entries change and expire all the time: clean up early, in small steps.
autovacuum_naptime = 15s
autovacuum_vacuum_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.05

# One file, which pgmind renames and lets PostgreSQL begin anew when it is large.
logging_collector = on
log_file_mode = 0600
log_rotation_age = 0
log_rotation_size = 0
log_truncate_on_rotation = off
log_line_prefix = '%m [%p] %q%u@%d %a '
log_timezone = 'UTC'
timezone = 'UTC'
# The values of a statement that failed could be somebody's memory.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0

include_if_exists = 'operator.conf'
)";

std::string in_megabytes(std::uint64_t bytes) {
    return std::to_string(bytes / kMegabyte) + "MB";
}

struct MemoryShare {
    std::uint64_t shared_buffers;
    std::uint64_t cache;
    std::uint64_t maintenance;
};

// A quarter of the memory for the caches of all shards: the rest is the kernel's cache, the
// gateway's, and other people's. The coordinator holds little.
MemoryShare share_of(const SettingsInput& input) {
    const std::uint64_t instances = std::max<std::size_t>(input.instances, 1);
    const std::uint64_t shards = std::max<std::uint64_t>(instances - 1, 1);
    MemoryShare share{};
    if (input.node.role == NodeRole::coordinator) {
        share.shared_buffers = std::clamp(input.memory_bytes / 64, 32 * kMegabyte, 256 * kMegabyte);
    } else {
        share.shared_buffers =
            std::clamp(input.memory_bytes / 4 / shards, 32 * kMegabyte, 4096 * kMegabyte);
    }
    share.cache = std::max(input.memory_bytes / 2 / instances, 64 * kMegabyte);
    share.maintenance =
        std::clamp(input.memory_bytes / 32 / instances, 32 * kMegabyte, 512 * kMegabyte);
    return share;
}

std::uint64_t control_group_limit() {
    const auto text = process::read_file("/sys/fs/cgroup/memory.max", 64);
    std::uint64_t limit = 0;
    if (text) {
        // "max" is no number, and means no limit: the value stays 0.
        std::from_chars(text->data(), text->data() + text->size(), limit);
    }
    return limit;
}

}  // namespace

std::string quoted_setting(const std::string& value) {
    std::string quoted = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            quoted += c;
        }
        quoted += c;
    }
    return quoted + "'";
}

std::uint64_t memory_of_this_machine() {
    const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 1L));
    const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t machine = pages * page_size;
    const std::uint64_t limit = control_group_limit();
    return limit == 0 ? machine : std::min(machine, limit);
}

std::string settings_text(const SettingsInput& input) {
    const MemoryShare memory = share_of(input);
    std::string text(kHeader);
    const auto add = [&text](std::string_view name, const std::string& value) {
        text.append(name).append(" = ").append(value).append("\n");
    };
    add("cluster_name", quoted_setting("pgmind " + input.node.name));
    add("port", std::to_string(input.node.port));
    add("unix_socket_directories", quoted_setting(input.socket_directory));
    add("log_directory", quoted_setting(input.log_directory));
    add("log_filename", quoted_setting(input.node.name + ".log"));
    add("max_connections", std::to_string(input.connections_max));
    add("shared_buffers", in_megabytes(memory.shared_buffers));
    add("effective_cache_size", in_megabytes(memory.cache));
    add("maintenance_work_mem", in_megabytes(memory.maintenance));
    return text.append(kFixedSettings);
}

std::string access_text() {
    return "# Written by pgmind at each start.\n"
           "# type  database  user      address       method\n"
           "local   all       all                     scram-sha-256\n"
           "host    all       postgres  all           reject\n"
           "hostssl all       all       127.0.0.1/32  scram-sha-256\n";
}

}  // namespace pgmind::cluster
