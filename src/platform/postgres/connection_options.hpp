#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace pgmind::postgres {

/// What the name of a password's file has at its end while that password is not in use yet.
inline constexpr const char* kNextPasswordSuffix = ".next";

/// Where a PostgreSQL server is and how to log in. `host` that begins with '/' is a socket
/// directory.
struct ConnectionOptions {
    std::string host;
    std::uint16_t port = 5432;
    std::string database;
    std::string user;
    std::string password;
    /// Where the password is instead, if not empty: the first line of a small local file, which is
    /// read at each login, so that a changed password is used at once. When it is refused, the one
    /// in `<password_file>.next` is tried, if that is there: while a password is being changed,
    /// nobody outside knows which of the two a server has.
    std::filesystem::path password_file;
    std::string application_name = "pgmind";
    std::string sslmode = "prefer";  ///< as libpq; ignored on a Unix socket
    std::string sslrootcert;
    std::chrono::milliseconds connect_timeout{5000};
    /// Further keywords of libpq and their values: passfile, sslcert, options, hostaddr and so on.
    std::vector<std::pair<std::string, std::string>> others;
};

}  // namespace pgmind::postgres
