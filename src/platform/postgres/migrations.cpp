#include "platform/postgres/migrations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <stdexcept>

#include <sodium.h>

#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

// Any number will do, as long as no other program uses it on the same database.
constexpr std::int64_t kLockKey = 0x70676d696e64;  // "pgmind"

constexpr Statement kTableExists{"migrations_table_exists",
                                 "SELECT to_regclass('pgmind.schema_migrations') IS NOT NULL",
                                 Effect::read};
constexpr Statement kCreateTable{
    "migrations_create_table",
    "CREATE TABLE IF NOT EXISTS pgmind.schema_migrations ("
    "number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, "
    "applied_at timestamptz NOT NULL DEFAULT now())",
    Effect::write};
constexpr Statement kRecorded{"migrations_recorded",
                              "SELECT number, name, sha256 FROM pgmind.schema_migrations",
                              Effect::read};
constexpr Statement kRecord{
    "migrations_record",
    "INSERT INTO pgmind.schema_migrations (number, name, sha256) VALUES ($1, $2, $3)",
    Effect::write};

struct Recorded {
    std::string name;
    std::string sha256;
};
using RecordedSteps = std::map<int, Recorded>;

std::string sha256_of(std::string_view text) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size());
    std::array<char, hash.size() * 2 + 1> hexadecimal;
    sodium_bin2hex(hexadecimal.data(), hexadecimal.size(), hash.data(), hash.size());
    return std::string(hexadecimal.data());
}

std::string title_of(int number, std::string_view name) {
    return "migration " + std::to_string(number) + " (" + std::string(name) + ")";
}

Migration migration_from(const EmbeddedFile& file) {
    Migration migration;
    const char* begin = file.name.data();
    const char* end = begin + file.name.size();
    const auto [rest, error] = std::from_chars(begin, end, migration.number);
    std::string_view name(rest, static_cast<std::size_t>(end - rest));
    if (error != std::errc() || !name.starts_with('_') || !name.ends_with(".sql") ||
        name.size() <= 5) {
        throw std::logic_error("a migration must be named like 0100_entries.sql, not " +
                               std::string(file.name));
    }
    name.remove_prefix(1);
    name.remove_suffix(4);
    migration.name = name;
    migration.sql = file.content;
    return migration;
}

Task<Result<RecordedSteps>> read_recorded(Session& session, Deadline deadline) {
    RecordedSteps recorded;
    Result<Rows> exists = co_await session.execute(kTableExists, Parameters(), deadline);
    if (!exists) {
        co_return fail(std::move(exists.error()));
    }
    if (!exists->boolean(0, 0)) {
        co_return recorded;
    }
    Result<Rows> rows = co_await session.execute(kRecorded, Parameters(), deadline);
    if (!rows) {
        co_return fail(std::move(rows.error()));
    }
    for (std::size_t row = 0; row < rows->size(); ++row) {
        recorded[static_cast<int>(rows->int64(row, 0))] = {std::string(rows->text(row, 1)),
                                                           std::string(rows->text(row, 2))};
    }
    co_return recorded;
}

// The first reason why this program must not touch the database.
std::optional<Error> contradiction(const RecordedSteps& recorded,
                                   const std::vector<Migration>& migrations) {
    for (const auto& entry : recorded) {
        const int number = entry.first;
        const Recorded& step = entry.second;
        const auto known =
            std::find_if(migrations.begin(), migrations.end(),
                         [number](const Migration& m) { return m.number == number; });
        if (known == migrations.end()) {
            return Error(Errc::migration_refused,
                         "the database has " + title_of(number, step.name) +
                             ", which this program does not know: it is newer than the program");
        }
        if (sha256_of(known->sql) != step.sha256) {
            return Error(Errc::migration_refused,
                         title_of(number, known->name) +
                             " is recorded with another checksum: a step that was applied must "
                             "not be changed");
        }
    }
    return std::nullopt;
}

Task<Result<void>> run_query(Session& session, std::string sql, Deadline deadline) {
    Result<Rows> rows = co_await session.query(std::move(sql), Parameters(), deadline);
    if (!rows) {
        co_return fail(std::move(rows.error()));
    }
    co_return Result<void>();
}

// The server gives up waiting for the lock before the caller does, so that the session survives.
Task<Result<void>> lock(Session& session, Deadline deadline) {
    const auto remaining =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.remaining());
    const std::int64_t wait_ms = std::max<std::int64_t>(remaining.count() * 9 / 10, 1);
    const std::string sql = "SET lock_timeout = " + std::to_string(wait_ms);
    Result<void> limited = co_await run_query(session, sql, deadline);
    if (!limited) {
        co_return limited;
    }
    Parameters key;
    key.add(kLockKey);
    Result<Rows> locked =
        co_await session.query("SELECT pg_advisory_lock($1)", std::move(key), deadline);
    if (!locked) {
        Error error = std::move(locked.error());
        if (error.reason == "55P03") {
            error.detail = "another program is migrating this database and does not end";
        }
        co_return fail(std::move(error));
    }
    // The steps themselves wait for the locks of tables as long as the deadline lets them.
    Result<void> unlimited = co_await run_query(session, "RESET lock_timeout", deadline);
    co_return unlimited;
}

Task<Result<void>> create_table(Session& session, Deadline deadline) {
    Result<void> schema =
        co_await run_query(session, "CREATE SCHEMA IF NOT EXISTS pgmind", deadline);
    if (!schema) {
        co_return schema;
    }
    Result<Rows> table = co_await session.execute(kCreateTable, Parameters(), deadline);
    if (!table) {
        co_return fail(std::move(table.error()));
    }
    co_return Result<void>();
}

Task<Result<void>> run_and_record(Session& session, Migration migration, Deadline deadline) {
    std::string sql(migration.sql);
    Result<void> done = co_await session.script(std::move(sql), deadline);
    if (!done) {
        co_return done;
    }
    if (!session.in_transaction()) {
        co_return fail(Errc::migration_refused,
                       "it ends the transaction that it is applied in; it must not COMMIT");
    }
    Parameters record;
    record.add(static_cast<std::int64_t>(migration.number)).add(migration.name);
    record.add(sha256_of(migration.sql));
    Result<Rows> recorded = co_await session.execute(kRecord, std::move(record), deadline);
    if (!recorded) {
        co_return fail(std::move(recorded.error()));
    }
    done = co_await run_query(session, "COMMIT", deadline);
    co_return done;
}

Task<Result<void>> apply_one(Session& session, Migration migration, Deadline deadline) {
    Result<void> begun = co_await run_query(session, "BEGIN", deadline);
    if (!begun) {
        co_return begun;
    }
    Result<void> done = co_await run_and_record(session, migration, deadline);
    if (done) {
        co_return done;
    }
    Error error = std::move(done.error());
    error.detail = title_of(migration.number, migration.name) + ": " + error.detail;
    if (session.in_transaction()) {
        // Should this fail too, the session is lost, and the transaction with it.
        co_await run_query(session, "ROLLBACK", deadline);
    }
    co_return fail(std::move(error));
}

Task<Result<int>> apply_missing(Session& session, std::vector<Migration> migrations,
                                Deadline deadline) {
    Result<RecordedSteps> recorded = co_await read_recorded(session, deadline);
    if (!recorded) {
        co_return fail(std::move(recorded.error()));
    }
    if (std::optional<Error> refused = contradiction(*recorded, migrations)) {
        co_return fail(std::move(*refused));
    }
    Result<void> table = co_await create_table(session, deadline);
    if (!table) {
        co_return fail(std::move(table.error()));
    }
    int applied = 0;
    for (const Migration& migration : migrations) {
        if (recorded->contains(migration.number)) {
            continue;
        }
        Result<void> done = co_await apply_one(session, migration, deadline);
        if (!done) {
            co_return fail(std::move(done.error()));
        }
        ++applied;
    }
    co_return applied;
}

void put_in_order(std::vector<Migration>& migrations) {
    std::sort(migrations.begin(), migrations.end(),
              [](const Migration& a, const Migration& b) { return a.number < b.number; });
    for (std::size_t i = 1; i < migrations.size(); ++i) {
        if (migrations[i - 1].number == migrations[i].number) {
            throw std::logic_error(
                "two migrations have the number " + std::to_string(migrations[i].number) + ": " +
                std::string(migrations[i - 1].name) + " and " + std::string(migrations[i].name));
        }
    }
}

}  // namespace

std::vector<Migration> migrations_from(std::span<const EmbeddedFile> files) {
    std::vector<Migration> migrations;
    for (const EmbeddedFile& file : files) {
        migrations.push_back(migration_from(file));
    }
    put_in_order(migrations);
    return migrations;
}

Task<Result<int>> apply_migrations(Session& session, std::vector<Migration> migrations,
                                   Deadline deadline) {
    put_in_order(migrations);
    Result<void> locked = co_await lock(session, deadline);
    if (!locked) {
        co_return fail(std::move(locked.error()));
    }
    Result<int> applied = co_await apply_missing(session, std::move(migrations), deadline);
    Parameters key;
    key.add(kLockKey);
    Result<Rows> unlocked =
        co_await session.query("SELECT pg_advisory_unlock($1)", std::move(key), deadline);
    if (applied && !unlocked) {
        co_return fail(std::move(unlocked.error()));
    }
    co_return applied;
}

}  // namespace pgmind::postgres
