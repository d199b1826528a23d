#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pgmind::postgres {

/// Where a PostgreSQL server is and how to log in. `host` that begins with '/' is a socket
/// directory.
struct ConnectionOptions {
    std::string host;
    std::uint16_t port = 5432;
    std::string database;
    std::string user;
    std::string password;
    std::string application_name = "pgmind";
    std::string sslmode = "prefer";  ///< as libpq; ignored on a Unix socket
    std::string sslrootcert;
    std::chrono::milliseconds connect_timeout{5000};
    /// Further keywords of libpq and their values: passfile, sslcert, options, hostaddr and so on.
    std::vector<std::pair<std::string, std::string>> others;
};

}  // namespace pgmind::postgres
