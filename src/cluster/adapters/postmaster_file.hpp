#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace pgmind::cluster {

/// What a running PostgreSQL says of itself in postmaster.pid.
struct PostmasterFile {
    pid_t pid = 0;
    std::string status;  ///< "starting", "ready", "standby", "stopping"; empty when not yet written
};

/// nullopt when it does not even begin with a pid.
std::optional<PostmasterFile> parse_postmaster_file(std::string_view text);

}  // namespace pgmind::cluster
