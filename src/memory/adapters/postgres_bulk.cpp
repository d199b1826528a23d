#include "memory/adapters/postgres_bulk.hpp"

#include <algorithm>
#include <map>

#include "base/ids.hpp"
#include "memory/adapters/copy_rows.hpp"
#include "memory/adapters/entry_rows.hpp"
#include "memory/adapters/places.hpp"
#include "memory/domain/errors.hpp"

namespace pgmind::memory {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

constexpr std::size_t kCopyChunkBytes = 256 * 1024;
constexpr std::size_t kExportRows = 500;

// One staging table for each connection, emptied by every commit. Not logged, not replicated.
constexpr std::string_view kBegin =
    "BEGIN; CREATE TEMPORARY TABLE IF NOT EXISTS pgmind_import ON COMMIT DELETE ROWS AS "
    "SELECT namespace, key, entry_id, value, text, metadata, embedding, NULL::bigint AS "
    "ttl_seconds FROM pgmind.memory_entries WITH NO DATA";

constexpr std::string_view kCopy =
    "COPY pg_temp.pgmind_import (namespace, key, entry_id, value, text, metadata, embedding, "
    "ttl_seconds) FROM STDIN (FORMAT binary)";

// In order of name, so that two imports cannot wait for each other.
constexpr Statement kPrepareNamespaces{
    "memory_import_namespaces",
    "SELECT wanted.namespace FROM unnest($1::text[], $2::int[]) WITH ORDINALITY "
    "AS wanted (namespace, dimensions, number), LATERAL pgmind.memory_prepare_namespace("
    "wanted.namespace, nullif(wanted.dimensions, 0), $3, $4) AS made "
    "WHERE made.created ORDER BY wanted.number",
    Effect::write};

// Keys in order, for the same reason. An expired entry is replaced by a new one.
constexpr Statement kMerge{
    "memory_import_merge",
    "WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now), "
    "spaces AS MATERIALIZED (SELECT n.namespace, n.text_language::regconfig AS language "
    "FROM pgmind.namespaces n WHERE n.namespace = ANY($1::text[])), "
    "merged AS (INSERT INTO pgmind.memory_entries AS e (namespace, key, entry_id, created_at, "
    "updated_at, expires_at, value, text, metadata, embedding, tsv) "
    "SELECT i.namespace, i.key, i.entry_id, clock.now, clock.now, "
    "clock.now + make_interval(secs => i.ttl_seconds), i.value, i.text, i.metadata, i.embedding, "
    "pgmind.words_of(spaces.language, i.text, i.value) "
    "FROM pg_temp.pgmind_import i JOIN spaces USING (namespace), clock "
    "ORDER BY i.namespace, i.key "
    "ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, text = excluded.text, "
    "metadata = excluded.metadata, embedding = excluded.embedding, tsv = excluded.tsv, "
    "updated_at = greatest(excluded.updated_at, e.updated_at), expires_at = excluded.expires_at, "
    "entry_id = CASE WHEN e.expires_at <= excluded.updated_at THEN excluded.entry_id "
    "ELSE e.entry_id END, "
    "created_at = CASE WHEN e.expires_at <= excluded.updated_at THEN excluded.created_at "
    "ELSE e.created_at END, "
    "version = CASE WHEN e.expires_at <= excluded.updated_at THEN 1 ELSE e.version + 1 END "
    "RETURNING e.namespace), "
    "counted AS (SELECT namespace, count(*) AS entries FROM merged GROUP BY namespace), "
    "told AS (INSERT INTO pgmind.event_outbox (name, payload, request_id, principal) "
    "SELECT 'MemoryEntriesImported', jsonb_build_object('namespace', namespace, 'entries', "
    "entries), $2, $3 FROM counted) "
    "SELECT coalesce(sum(entries), 0)::bigint FROM counted",
    Effect::write};

constexpr Statement kExportNamespaces{
    "memory_export_namespaces",
    "SELECT namespace FROM pgmind.namespaces WHERE $1::text[] = '{}' OR namespace = "
    "ANY($1::text[]) ORDER BY namespace",
    Effect::read};

constexpr Statement kExportPage{
    "memory_export_page",
    "SELECT " PGMIND_ENTRY_COLUMNS
    "e.embedding FROM pgmind.live_entries e WHERE e.namespace = $1 AND e.key > $2 ORDER BY e.key "
    "LIMIT $3",
    Effect::read};

constexpr Statement kSweep{
    "memory_sweep",
    "WITH doomed AS MATERIALIZED (SELECT namespace, key FROM pgmind.memory_entries "
    "WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED), "
    "gone AS (DELETE FROM pgmind.memory_entries e USING doomed d WHERE e.namespace = d.namespace "
    "AND e.key = d.key RETURNING e.namespace, e.key, e.version), "
    "told AS (INSERT INTO pgmind.event_outbox (name, payload) SELECT 'MemoryEntryExpired', "
    "jsonb_build_object('namespace', namespace, 'key', key, 'version', version) FROM gone), "
    "answers AS (DELETE FROM pgmind.idempotency_keys i USING (SELECT namespace, idempotency_key "
    "FROM pgmind.idempotency_keys WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED) old "
    "WHERE i.namespace = old.namespace AND i.idempotency_key = old.idempotency_key) "
    "SELECT count(*) FROM gone",
    Effect::idempotent_write};

// The namespaces of a batch with the dimensions that its vectors have; 0 without vectors.
using Dimensions = std::map<std::string, std::int64_t>;

Result<Dimensions> dimensions_of(const std::vector<StoreRequest>& entries) {
    Dimensions all;
    for (const StoreRequest& entry : entries) {
        std::int64_t& known = all[entry.namespace_name];
        const auto found = static_cast<std::int64_t>(entry.embedding ? entry.embedding->size() : 0);
        if (known != 0 && found != 0 && known != found) {
            return fail(Errc::wrong_dimensions,
                        "namespace \"" + entry.namespace_name + "\" would hold vectors of " +
                            std::to_string(known) + " and of " + std::to_string(found) +
                            " dimensions (key \"" + entry.key + "\")",
                        "embedding");
        }
        known = std::max(known, found);
    }
    return all;
}

void append_row(CopyRows& rows, const StoreRequest& entry) {
    rows.begin_row(8);
    rows.add_text(entry.namespace_name);
    rows.add_text(entry.key);
    rows.add_uuid(new_uuid());
    rows.add_json(entry.value_json);
    if (entry.text) {
        rows.add_text(*entry.text);
    } else {
        rows.add_null();
    }
    rows.add_json(entry.metadata_json);
    if (entry.embedding) {
        rows.add_bytes(binary_vector(*entry.embedding));
    } else {
        rows.add_null();
    }
    if (entry.ttl) {
        rows.add_int64(entry.ttl->count());
    } else {
        rows.add_null();
    }
}

Task<Result<void>> copy_rows(Session& session, const std::vector<StoreRequest>& entries,
                             Deadline deadline) {
    Result<void> begun = co_await session.copy_in_begin(std::string(kCopy), deadline);
    if (!begun) {
        co_return begun;
    }
    CopyRows rows;
    for (const StoreRequest& entry : entries) {
        append_row(rows, entry);
        if (rows.bytes().size() >= kCopyChunkBytes) {
            Result<void> written = co_await session.copy_in_write(rows.bytes(), deadline);
            if (!written) {
                co_return written;
            }
            rows.clear();
        }
    }
    rows.finish();
    Result<void> written = co_await session.copy_in_write(rows.bytes(), deadline);
    if (!written) {
        co_return written;
    }
    Result<std::int64_t> copied = co_await session.copy_in_finish(deadline);
    if (!copied) {
        co_return fail(to_memory_error(std::move(copied.error())));
    }
    co_return Result<void>();
}

Task<Result<ImportedBatch>> merge(Session& session, const RequestContext& request,
                                  const Dimensions& dimensions) {
    std::vector<std::string> names;
    std::vector<std::int64_t> sizes;
    for (const auto& [name, size] : dimensions) {
        names.push_back(name);
        sizes.push_back(size);
    }
    Parameters spaces;
    spaces.add_array(names).add_array(sizes);
    spaces.add(request.request_id.value()).add(request.principal.value());
    const Result<Rows> made =
        co_await session.execute(kPrepareNamespaces, std::move(spaces), request.deadline);
    if (!made) {
        co_return fail(to_memory_error(made.error()));
    }
    Parameters parameters;
    parameters.add_array(names);
    parameters.add(request.request_id.value()).add(request.principal.value());
    const Result<Rows> merged =
        co_await session.execute(kMerge, std::move(parameters), request.deadline);
    if (!merged) {
        co_return fail(to_memory_error(merged.error()));
    }
    ImportedBatch batch;
    batch.stored = merged->int64(0, 0);
    for (std::size_t row = 0; row < made->size(); ++row) {
        batch.namespaces_created.emplace_back(made->text(row, 0));
    }
    co_return batch;
}

class PostgresBulk final : public BulkStorage {
  public:
    explicit PostgresBulk(postgres::PoolDirectory& pools) : pools_(pools) {}

    // A session that is left in a transaction is closed, which rolls it back.
    Task<Result<ImportedBatch>> write(const RequestContext& request, const Place& place,
                                      const std::vector<StoreRequest>& entries) override {
        const Result<Dimensions> dimensions = dimensions_of(entries);
        if (!dimensions) {
            co_return fail(dimensions.error());
        }
        Result<Session> session = co_await session_at(request, place);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        Result<void> begun = co_await session->script(std::string(kBegin), request.deadline);
        if (!begun) {
            co_return fail(std::move(begun.error()));
        }
        Result<void> copied = co_await copy_rows(*session, entries, request.deadline);
        if (!copied) {
            co_return fail(std::move(copied.error()));
        }
        Result<ImportedBatch> batch = co_await merge(*session, request, *dimensions);
        if (!batch) {
            co_return batch;
        }
        Result<void> committed = co_await session->script("COMMIT", request.deadline);
        if (!committed) {
            co_return fail(std::move(committed.error()));
        }
        co_return batch;
    }

    Task<Result<std::int64_t>> read(const RequestContext& request, const Place& place,
                                    const NamespaceSelection& selection,
                                    const EntrySink& sink) override {
        Result<Session> session = co_await session_at(request, place);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        Result<void> begun = co_await session->script(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", request.deadline);
        if (!begun) {
            co_return fail(std::move(begun.error()));
        }
        Parameters names;
        names.add_array(selection.names);
        const Result<Rows> spaces =
            co_await session->execute(kExportNamespaces, std::move(names), request.deadline);
        if (!spaces) {
            co_return fail(spaces.error());
        }
        std::int64_t exported = 0;
        for (std::size_t row = 0; row < spaces->size(); ++row) {
            const std::string name(spaces->text(row, 0));
            if (!allows(selection.access, name)) {
                continue;
            }
            Result<std::int64_t> read =
                co_await read_namespace(*session, request, place.scope, name, sink);
            if (!read) {
                co_return read;
            }
            exported += *read;
        }
        Result<void> ended = co_await session->script("COMMIT", request.deadline);
        if (!ended) {
            co_return fail(std::move(ended.error()));
        }
        co_return exported;
    }

    Task<Result<std::int64_t>> remove_expired(const RequestContext& request, const Place& place,
                                              std::size_t limit) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Parameters parameters;
        parameters.add(static_cast<std::int64_t>(limit));
        const Result<Rows> rows =
            co_await (*pool)->execute(kSweep, std::move(parameters), request.deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return rows->int64(0, 0);
    }

  private:
    Task<Result<Session>> session_at(const RequestContext& request, const Place& place) {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Result<Session> session = co_await (*pool)->session(request.deadline);
        co_return session;
    }

    static Task<Result<std::int64_t>> read_namespace(Session& session,
                                                     const RequestContext& request, Scope scope,
                                                     const std::string& name,
                                                     const EntrySink& sink) {
        std::int64_t exported = 0;
        std::string last_key;
        std::size_t found = kExportRows;
        while (found == kExportRows) {
            Parameters parameters;
            parameters.add(name).add(last_key).add(static_cast<std::int64_t>(kExportRows));
            const Result<Rows> rows =
                co_await session.execute(kExportPage, std::move(parameters), request.deadline);
            if (!rows) {
                co_return fail(rows.error());
            }
            found = rows->size();
            std::vector<Entry> entries;
            entries.reserve(found);
            for (std::size_t row = 0; row < found; ++row) {
                entries.push_back(read_entry(*rows, row, scope));
            }
            if (entries.empty()) {
                break;
            }
            last_key = entries.back().key;
            Result<void> taken = co_await sink(entries);
            if (!taken) {
                co_return fail(std::move(taken.error()));
            }
            exported += static_cast<std::int64_t>(found);
        }
        co_return exported;
    }

    postgres::PoolDirectory& pools_;
};

}  // namespace

std::unique_ptr<BulkStorage> make_postgres_bulk(postgres::PoolDirectory& pools) {
    return std::make_unique<PostgresBulk>(pools);
}

}  // namespace pgmind::memory
