#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "client/api_client.hpp"

namespace pgmind::app {

/// Begins the namespaces of the packages; the section follows.
inline constexpr std::string_view kPackagePrefix = "debian/";

/// How to reach a server, for people to copy.
struct ConnectionHints {
    std::string url;
    std::string program;   ///< path of pgmind, for agents that start it themselves
    std::string key_file;  ///< where the administrator's key lies; empty: the reader knows
    std::vector<std::string> psql_commands;  ///< ready to run; none: nothing is said of SQL
};

/// "Connect an agent ...": MCP over HTTP and stdio, curl, psql.
std::string connection_help(const ConnectionHints& hints);

/// The demonstration of `pgmind up --demo` and `pgmind demo packages`: loads this machine's Debian
/// package descriptions, one namespace for each section, unless they are there already; then runs
/// three searches and prints what they find; then how to connect. Results go to standard output,
/// progress to standard error. Where apt has no lists it says so and goes on.
///
/// Blocks for seconds: call it on a thread of its own. It ends early, with Failure::unavailable,
/// soon after `stop` is requested.
Result<void> run_package_demo(ApiClient& client, const ConnectionHints& hints,
                              std::stop_token stop);

}  // namespace pgmind::app
