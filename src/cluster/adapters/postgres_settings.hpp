#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "cluster/domain/cluster_manifest.hpp"

namespace pgmind::cluster {

/// What an instance's settings are worked out from.
struct SettingsInput {
    Node node;
    std::size_t instances = 1;       ///< on this machine
    std::uint64_t memory_bytes = 0;  ///< that all of them and the gateway share
    std::size_t connections_max = 100;
    std::filesystem::path socket_directory;
    std::filesystem::path log_directory;
};

/// The name of the file with these settings, in the instance's data directory.
inline constexpr std::string_view kSettingsFile = "pgmind.conf";

/// The text of pgmind.conf: rewritten at each start; ALTER SYSTEM and a file operator.conf beside
/// it are stronger.
std::string settings_text(const SettingsInput& input);

/// The text of pg_hba.conf: passwords everywhere, the superuser on the socket only.
std::string access_text();

/// A value for a settings file, quoted.
std::string quoted_setting(const std::string& value);

/// The memory that this process may count on: the machine's, or its control group's if that is
/// less. Reads files: blocks.
std::uint64_t memory_of_this_machine();

}  // namespace pgmind::cluster
