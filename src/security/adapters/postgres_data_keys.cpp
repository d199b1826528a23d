#include "security/adapters/postgres_data_keys.hpp"

#include "platform/crypto/crypto.hpp"
#include "security/adapters/transaction.hpp"
#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

constexpr Statement kRevision{"data_keys_revision",
                              "SELECT number || ' ' || token, pg_is_in_recovery() "
                              "FROM pgmind.data_keys_version",
                              Effect::read};
constexpr Statement kLoad{"data_keys_load",
                          "SELECT key_id, database, namespace, kek_id, encode(wrapped, 'hex') "
                          "FROM pgmind.data_keys",
                          Effect::read};
constexpr Statement kNextId{"data_keys_next_id", "SELECT nextval('pgmind.data_key_ids')",
                            Effect::idempotent_write};
// Two gateways that make the first key of a namespace wait for each other.
constexpr Statement kLock{"data_keys_lock",
                          "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 7433))",
                          Effect::write};
constexpr Statement kInsert{
    "data_keys_insert",
    "INSERT INTO pgmind.data_keys (key_id, database, namespace, kek_id, wrapped) "
    "SELECT $1, $2, $3, $4, decode($5, 'hex') WHERE (SELECT count(*) FROM pgmind.data_keys d "
    "WHERE d.database = $2 AND d.namespace = $3) <= $6::bigint "
    "AND NOT EXISTS (SELECT FROM pgmind.data_keys d WHERE d.database = $2 AND d.namespace = $3 "
    "AND d.wrapped IS NULL) RETURNING key_id",
    Effect::write};
constexpr Statement kDestroy{"data_keys_destroy",
                             "UPDATE pgmind.data_keys SET wrapped = NULL, destroyed_at = now() "
                             "WHERE database = $1 AND namespace = $2 AND wrapped IS NOT NULL",
                             Effect::idempotent_write};
constexpr Statement kRemove{"data_keys_remove",
                            "DELETE FROM pgmind.data_keys WHERE database = $1 AND namespace = $2 "
                            "AND key_id <> $3",
                            Effect::idempotent_write};
constexpr Statement kRewrap{
    "data_keys_rewrap",
    "UPDATE pgmind.data_keys d SET kek_id = $1, wrapped = decode(n.wrapped, 'hex') "
    "FROM unnest($2::bigint[], $3::text[]) AS n (key_id, wrapped) "
    "WHERE d.key_id = n.key_id AND d.wrapped IS NOT NULL AND d.kek_id <> $1",
    Effect::idempotent_write};

std::string hex_of(std::string_view bytes) {
    return crypto::to_hex(
        std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

struct Insertion {
    const DataKeyRow& row;
    std::int64_t keys_max;
};

Task<Result<bool>> insert_locked(Session& session, const Insertion& insertion, Deadline deadline) {
    const DataKeyRow& row = insertion.row;
    Parameters lock;
    lock.add(row.owner.database).add(row.owner.namespace_name);
    const Result<void> locked = co_await execute(session, kLock, std::move(lock), deadline);
    if (!locked) {
        co_return fail(locked.error());
    }
    Parameters values;
    values.add(static_cast<std::int64_t>(row.key_id));
    values.add(row.owner.database).add(row.owner.namespace_name);
    values.add(static_cast<std::int64_t>(row.kek_id)).add(hex_of(row.wrapped));
    values.add(insertion.keys_max);
    const auto inserted = co_await session.execute(kInsert, std::move(values), deadline);
    if (!inserted) {
        co_return fail(inserted.error());
    }
    co_return !inserted->empty();
}

}  // namespace

Task<Result<std::string>> PostgresDataKeys::revision(Deadline deadline) {
    const auto rows = co_await pool_.execute(kRevision, Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    if (rows->boolean(0, 1)) {
        co_return fail(Errc::not_the_primary, "the coordinator answered as a standby");
    }
    co_return std::string(rows->text(0, 0));
}

Task<Result<std::vector<DataKeyRow>>> PostgresDataKeys::load(Deadline deadline) {
    const auto rows = co_await pool_.execute(kLoad, Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    std::vector<DataKeyRow> keys;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        DataKeyRow key;
        key.key_id = static_cast<std::uint32_t>(rows->int64(i, 0));
        key.owner = {std::string(rows->text(i, 1)), std::string(rows->text(i, 2))};
        key.kek_id = static_cast<std::uint32_t>(rows->int64(i, 3));
        key.wrapped = crypto::from_hex(rows->text(i, 4)).value_or("");
        keys.push_back(std::move(key));
    }
    co_return keys;
}

Task<Result<std::uint32_t>> PostgresDataKeys::next_id(Deadline deadline) {
    const auto rows = co_await pool_.execute(kNextId, Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return static_cast<std::uint32_t>(rows->int64(0, 0));
}

Task<Result<bool>> PostgresDataKeys::insert(DataKeyRow row, std::int64_t keys_max,
                                            Deadline deadline) {
    const Insertion insertion{row, keys_max};
    const auto inserted =
        co_await in_transaction<Insertion>(pool_, insert_locked, insertion, deadline);
    co_return inserted;
}

Task<Result<std::int64_t>> PostgresDataKeys::destroy(const KeyOwner& owner, Deadline deadline) {
    Parameters parameters;
    parameters.add(owner.database).add(owner.namespace_name);
    const auto rows = co_await pool_.execute(kDestroy, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return rows->affected();
}

Task<Result<void>> PostgresDataKeys::remove_all_but(const KeyOwner& owner, std::uint32_t kept,
                                                    Deadline deadline) {
    Parameters parameters;
    parameters.add(owner.database).add(owner.namespace_name);
    parameters.add(static_cast<std::int64_t>(kept));
    const auto rows = co_await pool_.execute(kRemove, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

Task<Result<std::int64_t>> PostgresDataKeys::rewrap(std::uint32_t kek_id,
                                                    const std::vector<DataKeyRow>& rows,
                                                    Deadline deadline) {
    std::vector<std::int64_t> ids;
    std::vector<std::string> wrapped;
    for (const DataKeyRow& row : rows) {
        ids.push_back(row.key_id);
        wrapped.push_back(hex_of(row.wrapped));
    }
    Parameters parameters;
    parameters.add(static_cast<std::int64_t>(kek_id)).add_array(ids).add_array(wrapped);
    const auto done = co_await pool_.execute(kRewrap, std::move(parameters), deadline);
    if (!done) {
        co_return fail(done.error());
    }
    co_return done->affected();
}

}  // namespace pgmind::security
