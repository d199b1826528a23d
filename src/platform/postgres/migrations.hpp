#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/embedded_file.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::postgres {

/// One step of a database's schema. Never changed once released: a later step corrects it.
struct Migration {
    int number = 0;  ///< unique and growing within one kind of database (coordinator, shard)
    std::string_view name;
    std::string_view sql;
};

/// Reads "0100_entries.sql" as number 100, name "entries"; files must be named so. Gives them in
/// order of number; two of one number are a bug and throw.
std::vector<Migration> migrations_from(std::span<const EmbeddedFile> files);

/// Brings a database to the newest step: under an advisory lock, each step in a transaction of its
/// own that also records it (pgmind.schema_migrations: number, name, SHA-256, time). A crash in
/// between is resumed by calling it again. Fails, without changing anything, when a recorded step
/// has another checksum, or when the database is newer than this program.
Task<Result<int>> apply_migrations(Session& session, std::vector<Migration> migrations,
                                   Deadline deadline);

}  // namespace pgmind::postgres
