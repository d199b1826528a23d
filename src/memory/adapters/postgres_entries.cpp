#include "memory/adapters/postgres_entries.hpp"

#include "memory/adapters/entry_rows.hpp"
#include "memory/adapters/list_sql.hpp"
#include "memory/adapters/places.hpp"
#include "memory/adapters/text_search_sql.hpp"
#include "memory/domain/errors.hpp"

namespace pgmind::memory {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Statement;

#define PGMIND_STORE \
    "SELECT entry_id, version, " PGMIND_MICROSECONDS("created_at") ", "                 \
    PGMIND_MICROSECONDS("updated_at") ", " PGMIND_MICROSECONDS("expires_at")            \
    ", created, replayed, namespace_created FROM pgmind.memory_store($1, $2, $3, $4, "  \
    "$5, $6, $7, $8, $9, $10, $11, $12, $13)"

constexpr Statement kStore{"memory_store", PGMIND_STORE, Effect::write};
// Its idempotency record makes it safe to send again.
constexpr Statement kStoreIdempotent{"memory_store_idempotent", PGMIND_STORE,
                                     Effect::idempotent_write};

#define PGMIND_FIND " FROM pgmind.live_entries e WHERE e.namespace = $1 AND e.key = $2"

constexpr Statement kFind{"memory_find", "SELECT " PGMIND_ENTRY_COLUMNS "NULL" PGMIND_FIND,
                          Effect::read};
constexpr Statement kFindWithEmbedding{"memory_find_with_embedding",
                                       "SELECT " PGMIND_ENTRY_COLUMNS "e.embedding" PGMIND_FIND,
                                       Effect::read};

// In the order of the names, so that what there is no room for is what matters least.
#define PGMIND_FETCH(vector_bytes)                                                       \
    " FROM (SELECT e.*, wanted.place, " PGMIND_ROOM_BEFORE vector_bytes PGMIND_ROOM_OVER \
    "wanted.place" PGMIND_ROOM_AFTER                                                     \
    " FROM unnest($1::text[], $2::text[]) "                                              \
    "WITH ORDINALITY AS wanted (namespace, key, place) JOIN pgmind.live_entries e "      \
    "ON e.namespace = wanted.namespace AND e.key = wanted.key) e"

constexpr Statement kFetch{"memory_fetch",
                           "SELECT " PGMIND_ENTRY_COLUMNS_WITH_ROOM "NULL" PGMIND_FETCH("0"),
                           Effect::read};
constexpr Statement kFetchWithEmbedding{
    "memory_fetch_with_embedding",
    "SELECT " PGMIND_ENTRY_COLUMNS_WITH_ROOM
    "CASE WHEN e.room THEN e.embedding END" PGMIND_FETCH(PGMIND_VECTOR_BYTES),
    Effect::read};

// `seen` is read from the snapshot of before: it says why nothing was deleted.
constexpr Statement kRemove{"memory_remove",
                            "WITH gone AS ("
                            "DELETE FROM pgmind.memory_entries e "
                            "WHERE e.namespace = $1 AND e.key = $2 "
                            "AND (e.expires_at IS NULL OR e.expires_at > now()) "
                            "AND ($3::bigint IS NULL OR e.version = $3::bigint) "
                            "RETURNING e.version), "
                            "event AS ("
                            "INSERT INTO pgmind.event_outbox "
                            "(name, payload, request_id, principal) "
                            "SELECT 'MemoryEntryDeleted', "
                            "jsonb_build_object('namespace', $1::text, 'key', $2::text, "
                            "'version', version), $4, $5 FROM gone) "
                            "SELECT (SELECT version FROM gone), "
                            "(SELECT e.version FROM pgmind.live_entries e "
                            "WHERE e.namespace = $1 AND e.key = $2)",
                            Effect::write};

constexpr Statement kCheckJson{"memory_check_json", "SELECT $1::jsonb IS NULL", Effect::read};

std::string_view name_of(StoreMode mode) {
    switch (mode) {
        case StoreMode::create_only:
            return "create_only";
        case StoreMode::update_only:
            return "update_only";
        case StoreMode::upsert:
            break;
    }
    return "upsert";
}

Parameters store_parameters(const RequestContext& request, const StoreRequest& entry,
                            const std::string& entry_id) {
    Parameters parameters;
    parameters.add(entry.namespace_name).add(entry.key).add(entry.value_json).add(entry.text);
    parameters.add(entry.metadata_json);
    if (entry.embedding) {
        parameters.add_binary(binary_vector(*entry.embedding));
    } else {
        parameters.add_null();
    }
    parameters.add(entry.ttl ? std::optional<std::int64_t>(entry.ttl->count()) : std::nullopt);
    parameters.add(name_of(entry.mode)).add(entry.expected_version).add(entry.idempotency_key);
    parameters.add(entry_id).add(request.request_id.value()).add(request.principal.value());
    return parameters;
}

StoredEntry read_stored(const Rows& rows, const StoreRequest& request) {
    StoredEntry stored;
    Entry& entry = stored.result.entry;
    entry.scope = request.scope;
    entry.namespace_name = request.namespace_name;
    entry.key = request.key;
    entry.metadata_json = request.metadata_json;
    entry.entry_id = rows.text(0, 0);
    entry.version = rows.int64(0, 1);
    entry.created_at = rows.time_us(0, 2);
    entry.updated_at = rows.time_us(0, 3);
    entry.expires_at = rows.optional_time_us(0, 4);
    stored.result.created = rows.boolean(0, 5);
    stored.result.replayed = rows.boolean(0, 6);
    stored.namespace_created = rows.boolean(0, 7);
    return stored;
}

class PostgresEntries final : public EntryStorage {
  public:
    explicit PostgresEntries(postgres::PoolDirectory& pools) : pools_(pools) {}

    Task<Result<StoredEntry>> store(const RequestContext& request, const Place& place,
                                    const StoreRequest& entry,
                                    const std::string& entry_id) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        const Statement& statement = entry.idempotency_key ? kStoreIdempotent : kStore;
        Parameters parameters = store_parameters(request, entry, entry_id);
        Result<Rows> rows =
            co_await (*pool)->execute(statement, std::move(parameters), request.deadline);
        if (rows) {
            co_return read_stored(*rows, entry);
        }
        Error error = co_await explain(**pool, entry, std::move(rows.error()), request.deadline);
        co_return fail(std::move(error));
    }

    Task<Result<std::optional<Entry>>> find(const RequestContext& request, const Place& place,
                                            const EntryAddress& address,
                                            bool with_embedding) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Parameters parameters;
        parameters.add(address.namespace_name).add(address.key);
        const Statement& statement = with_embedding ? kFindWithEmbedding : kFind;
        Result<Rows> rows =
            co_await (*pool)->execute(statement, std::move(parameters), request.deadline);
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        if (rows->empty()) {
            co_return std::optional<Entry>();
        }
        co_return std::optional<Entry>(read_entry(*rows, 0, place.scope));
    }

    Task<Result<void>> remove(const RequestContext& request, const Place& place,
                              const DeleteRequest& target) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Parameters parameters;
        parameters.add(target.address.namespace_name).add(target.address.key);
        parameters.add(target.expected_version);
        parameters.add(request.request_id.value()).add(request.principal.value());
        const Result<Rows> rows =
            co_await (*pool)->execute(kRemove, std::move(parameters), request.deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        if (!rows->is_null(0, 0)) {
            co_return Result<void>();
        }
        const std::string name = "entry \"" + target.address.key + "\" of namespace \"" +
                                 target.address.namespace_name + "\"";
        if (target.expected_version && !rows->is_null(0, 1)) {
            co_return fail(Errc::version_conflict,
                           name + " is at version " + std::string(rows->text(0, 1)) + ", not " +
                               std::to_string(*target.expected_version),
                           "expected_version");
        }
        co_return fail(Errc::entry_not_found, "there is no " + name);
    }

    Task<Result<std::vector<Entry>>> list(const RequestContext& request, const Place& place,
                                          const EntryPageQuery& query) override {
        ListSql sql = list_sql(query);
        Result<Rows> rows =
            co_await run(request, place, sql.text.text(), std::move(sql.parameters));
        co_return read_entries(std::move(rows), place.scope);
    }

    Task<Result<std::vector<Entry>>> fetch(const RequestContext& request, const Place& place,
                                           const std::vector<EntryName>& names,
                                           bool with_embedding) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        std::vector<std::string> namespaces;
        std::vector<std::string> keys;
        for (const EntryName& name : names) {
            namespaces.push_back(name.namespace_name);
            keys.push_back(name.key);
        }
        Parameters parameters;
        parameters.add_array(namespaces).add_array(keys);
        const Statement& statement = with_embedding ? kFetchWithEmbedding : kFetch;
        Result<Rows> rows =
            co_await (*pool)->execute(statement, std::move(parameters), request.deadline);
        co_return read_entries(std::move(rows), place.scope);
    }

    Task<Result<std::vector<TextHit>>> search_text(const RequestContext& request,
                                                   const Place& place,
                                                   const TextQuery& query) override {
        TextSearchSql sql = text_search_sql(query);
        Result<Rows> rows =
            co_await run(request, place, sql.text.text(), std::move(sql.parameters));
        if (!rows) {
            co_return fail(std::move(rows.error()));
        }
        std::vector<TextHit> hits;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            hits.push_back({std::string(rows->text(row, 0)), std::string(rows->text(row, 1)),
                            rows->real(row, 2)});
        }
        co_return hits;
    }

  private:
    Task<Result<Rows>> run(const RequestContext& request, const Place& place, std::string sql,
                           Parameters parameters) {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Result<Rows> rows = co_await (*pool)->query(std::move(sql), Effect::read,
                                                    std::move(parameters), request.deadline);
        co_return rows;
    }

    static Result<std::vector<Entry>> read_entries(Result<Rows> rows, Scope scope) {
        if (!rows) {
            return fail(std::move(rows.error()));
        }
        std::vector<Entry> entries;
        entries.reserve(rows->size());
        for (std::size_t row = 0; row < rows->size(); ++row) {
            entries.push_back(read_entry(*rows, row, scope));
        }
        return entries;
    }

    // PostgreSQL does not say which of the parameters it could not read: ask for each.
    static Task<Error> explain(postgres::Pool& pool, const StoreRequest& entry, Error error,
                               Deadline deadline) {
        const bool refused_value =
            error.code == postgres::Errc::invalid_value && !is_stale_index(error);
        if (!refused_value) {
            co_return to_memory_error(std::move(error));
        }
        Parameters value;
        value.add(entry.value_json);
        const Result<Rows> value_read =
            co_await pool.execute(kCheckJson, std::move(value), deadline);
        if (!value_read && value_read.error().code == postgres::Errc::invalid_value) {
            co_return Error(Errc::invalid_json, value_read.error().detail, "value");
        }
        Parameters metadata;
        metadata.add(entry.metadata_json);
        const Result<Rows> metadata_read =
            co_await pool.execute(kCheckJson, std::move(metadata), deadline);
        if (!metadata_read && metadata_read.error().code == postgres::Errc::invalid_value) {
            co_return Error(Errc::invalid_json, metadata_read.error().detail, "metadata");
        }
        co_return error;
    }

    postgres::PoolDirectory& pools_;
};

}  // namespace

std::unique_ptr<EntryStorage> make_postgres_entries(postgres::PoolDirectory& pools) {
    return std::make_unique<PostgresEntries>(pools);
}

}  // namespace pgmind::memory
