#pragma once

#include <filesystem>
#include <optional>

#include "async/task.hpp"

namespace pgmind::cluster {

inline constexpr int kPostgresMajorMin = 15;

struct PostgresPrograms {
    std::filesystem::path directory;  ///< has postgres and initdb
    int major = 0;
};

/// Finds PostgreSQL: in `directory` when one is given, else where pg_config points, on PATH, and in
/// the places where Debian, Red Hat and PostgreSQL's own packages put it, newest first. With a
/// `major` only that version will do, else 15 or newer. not_installed when there is none, saying
/// which package to install.
Task<Result<PostgresPrograms>> find_postgres(std::filesystem::path directory,
                                             std::optional<int> major, Deadline deadline);

/// The major version in what `postgres --version` prints; nullopt when it is something else.
std::optional<int> major_from_version(std::string_view text);

}  // namespace pgmind::cluster
