#include "memory/adapters/import_batch.hpp"

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

// The first namespace whose values did not come as its encryption wants them.
constexpr Statement kCheckSealing{
    "memory_import_check_sealing",
    "SELECT n.namespace, n.sealed_under FROM pg_temp.pgmind_import i "
    "JOIN pgmind.namespaces n USING (namespace) "
    "WHERE n.sealed_under IS DISTINCT FROM pgmind.sealed_under(i.value) LIMIT 1",
    Effect::read};

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

constexpr Statement kCheckJson{"memory_import_check_json",
                               "SELECT count(t::jsonb) FROM unnest($1::text[]) AS t", Effect::read};

std::string line_of(const StoreRequest& entry) {
    return entry.source_line > 0 ? "line " + std::to_string(entry.source_line) + ": " : "";
}

// The namespaces of a batch with the dimensions that its vectors have; 0 without vectors.
using Dimensions = std::map<std::string, std::int64_t>;

Result<Dimensions> dimensions_of(const std::vector<StoreRequest>& entries) {
    Dimensions all;
    for (const StoreRequest& entry : entries) {
        std::int64_t& known = all[entry.namespace_name];
        const auto found = static_cast<std::int64_t>(entry.embedding ? entry.embedding->size() : 0);
        if (known != 0 && found != 0 && known != found) {
            return fail(Errc::wrong_dimensions,
                        line_of(entry) + "namespace \"" + entry.namespace_name +
                            "\" would hold vectors of " + std::to_string(known) + " and of " +
                            std::to_string(found) + " dimensions (key \"" + entry.key + "\")",
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

Error sealing_error(const Rows& wrong) {
    const std::string name(wrong.text(0, 0));
    const bool encrypted = !wrong.is_null(0, 1);
    Error error(encrypted ? Errc::sealing_differs : Errc::not_encrypted,
                "namespace \"" + name + "\" is " + (encrypted ? "" : "not ") + "encrypted", name);
    error.reason = wrong.text(0, 1);
    return error;
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
    const Result<Rows> wrong = co_await session.execute(kCheckSealing, {}, request.deadline);
    if (!wrong) {
        co_return fail(wrong.error());
    }
    if (!wrong->empty()) {
        co_return fail(sealing_error(*wrong));
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

Task<Result<ImportedBatch>> write_in_transaction(Session& session, const RequestContext& request,
                                                 const std::vector<StoreRequest>& entries,
                                                 const Dimensions& dimensions) {
    Result<void> begun = co_await session.script(std::string(kBegin), request.deadline);
    if (!begun) {
        co_return fail(std::move(begun.error()));
    }
    Result<void> copied = co_await copy_rows(session, entries, request.deadline);
    if (!copied) {
        co_return fail(std::move(copied.error()));
    }
    Result<ImportedBatch> batch = co_await merge(session, request, dimensions);
    if (!batch) {
        co_return batch;
    }
    Result<void> committed = co_await session.script("COMMIT", request.deadline);
    if (!committed) {
        co_return fail(std::move(committed.error()));
    }
    co_return batch;
}

// Which entry PostgreSQL cannot read: halves the batch until one is left.
Task<Error> explain(postgres::Pool& pool, const std::vector<StoreRequest>& entries, Error error,
                    Deadline deadline) {
    for (const bool in_value : {true, false}) {
        std::size_t begin = 0;
        std::size_t end = entries.size();
        bool found = false;
        while (end > begin) {
            const std::size_t middle = found ? begin + (end - begin) / 2 : end;
            std::vector<std::string> texts;
            for (std::size_t i = begin; i < middle; ++i) {
                texts.push_back(in_value ? entries[i].value_json : entries[i].metadata_json);
            }
            Parameters parameters;
            parameters.add_array(texts);
            const Result<Rows> read =
                co_await pool.execute(kCheckJson, std::move(parameters), deadline);
            const bool refused = !read && read.error().code == postgres::Errc::invalid_value;
            if (!refused && !found) {
                break;
            }
            if (refused && middle == begin + 1) {
                co_return Error(Errc::invalid_json, line_of(entries[begin]) + read.error().detail,
                                in_value ? "value" : "metadata");
            }
            found = true;
            (refused ? end : begin) = middle;
        }
    }
    co_return error;
}

}  // namespace

Task<Result<ImportedBatch>> write_batch(postgres::Pool& pool, const RequestContext& request,
                                        const std::vector<StoreRequest>& entries) {
    const Result<Dimensions> dimensions = dimensions_of(entries);
    if (!dimensions) {
        co_return fail(dimensions.error());
    }
    std::optional<Error> error;
    {
        // A session that is left in a transaction is closed, which rolls it back; here before the
        // error is looked into.
        Result<Session> session = co_await pool.session(request.deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        Result<ImportedBatch> written =
            co_await write_in_transaction(*session, request, entries, *dimensions);
        if (written) {
            co_return written;
        }
        error = std::move(written.error());
    }
    if (error->code == postgres::Errc::invalid_value) {
        error = co_await explain(pool, entries, std::move(*error), request.deadline);
    }
    co_return fail(std::move(*error));
}

}  // namespace pgmind::memory
