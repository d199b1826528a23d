#pragma once

#include <string>
#include <utility>
#include <vector>

#include "platform/config/config.hpp"

namespace pgmind::app {

/// The options that every command takes.
struct GlobalOptions {
    std::string config_file;
    std::vector<std::string> assignments;  ///< "section.name=value"
    std::string url;
    std::string key_file;
    bool json = false;
    bool no_color = false;
    bool verbose = false;
};

/// Every setting of pgmind, in the order in which `config show` prints them.
std::span<const config::Setting> settings();

/// The effective configuration: file (--config, else PGMIND_CONFIG, else /etc/pgmind/pgmind.toml or
/// the user's own, where there is one), environment, --set. `overrides` come from a command's own
/// flags and count most.
config::Outcome load_configuration(
    const GlobalOptions& options,
    const std::vector<std::pair<std::string, std::string>>& overrides);

/// Where data lies unless data.directory says otherwise: /var/lib/pgmind for root, else in the
/// user's own data folder (XDG base directory specification).
std::string default_data_directory();

}  // namespace pgmind::app
