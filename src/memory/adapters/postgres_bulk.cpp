#include "memory/adapters/postgres_bulk.hpp"

#include "memory/adapters/copy_row.hpp"
#include "memory/adapters/import_batch.hpp"
#include "memory/adapters/places.hpp"
#include "memory/api/filter_sql.hpp"

namespace pgmind::memory {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

constexpr std::size_t kSinkEntriesMax = 500;
constexpr std::size_t kSinkBytesMax = 1024 * 1024;

// COPY takes no parameters: the namespace comes through a setting of the transaction.
constexpr Statement kChooseNamespace{
    "memory_export_choose", "SELECT set_config('pgmind.export_namespace', $1, true)", Effect::read};
constexpr std::string_view kExport =
    "COPY (SELECT e.namespace, e.key, e.entry_id, e.value, e.text, e.metadata, e.version, "
    "e.created_at, e.updated_at, e.expires_at, e.embedding FROM pgmind.live_entries e "
    "WHERE e.namespace = current_setting('pgmind.export_namespace') ORDER BY e.key) "
    "TO STDOUT (FORMAT binary)";

// Entries that another sweeper, or a writer, has in its hands are left for the next time.
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

Entry read_row(CopyRow& row, Scope scope) {
    Entry entry;
    entry.scope = scope;
    entry.namespace_name = row.next_text();
    entry.key = row.next_text();
    entry.entry_id = row.next_uuid();
    entry.value_json = row.next_jsonb();
    entry.text = row.next_text();
    entry.metadata_json = row.next_jsonb();
    entry.version = row.next_int64();
    entry.created_at = row.next_time().value();
    entry.updated_at = row.next_time().value();
    entry.expires_at = row.next_time();
    if (const auto embedding = row.next()) {
        entry.embedding = read_binary_vector(*embedding);
    }
    return entry;
}

/// Gives entries to a sink, many at a time.
class SinkBuffer {
  public:
    explicit SinkBuffer(const EntrySink& sink) : sink_(sink) {}

    Task<Result<void>> add(Entry entry, std::size_t bytes) {
        entries_.push_back(std::move(entry));
        bytes_ += bytes;
        if (entries_.size() < kSinkEntriesMax && bytes_ < kSinkBytesMax) {
            co_return Result<void>();
        }
        Result<void> flushed = co_await flush();
        co_return flushed;
    }

    Task<Result<void>> flush() {
        if (entries_.empty()) {
            co_return Result<void>();
        }
        Result<void> taken = co_await sink_(entries_);
        count_ += static_cast<std::int64_t>(entries_.size());
        entries_.clear();
        bytes_ = 0;
        co_return taken;
    }

    std::int64_t count() const { return count_; }

  private:
    const EntrySink& sink_;
    std::vector<Entry> entries_;
    std::size_t bytes_ = 0;
    std::int64_t count_ = 0;
};

Task<Result<std::vector<std::string>>> choose_namespaces(Session& session,
                                                         const RequestContext& request,
                                                         const NamespaceSelection& selection) {
    if (!selection.names.empty()) {
        co_return selection.names;
    }
    FilterSql access = compile_access(selection.access, {"n.namespace"}, 1);
    Parameters parameters;
    for (const std::string& value : access.parameters) {
        parameters.add(value);
    }
    const SqlText sql{"SELECT n.namespace FROM pgmind.namespaces n WHERE ", access.sql,
                      " ORDER BY n.namespace"};
    const Result<Rows> rows =
        co_await session.query(sql.text(), std::move(parameters), request.deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    std::vector<std::string> names;
    for (std::size_t row = 0; row < rows->size(); ++row) {
        names.emplace_back(rows->text(row, 0));
    }
    co_return names;
}

Task<Result<void>> read_namespace(Session& session, const RequestContext& request,
                                  const std::string& name, Scope scope, SinkBuffer& buffer) {
    Parameters parameters;
    parameters.add(name);
    const Result<Rows> chosen =
        co_await session.execute(kChooseNamespace, std::move(parameters), request.deadline);
    if (!chosen) {
        co_return fail(chosen.error());
    }
    std::string copy(kExport);
    const Result<void> begun = co_await session.copy_out_begin(std::move(copy), request.deadline);
    if (!begun) {
        co_return begun;
    }
    while (true) {
        const Result<std::optional<std::string>> chunk =
            co_await session.copy_out_read(request.deadline);
        if (!chunk) {
            co_return fail(chunk.error());
        }
        if (!*chunk) {
            break;
        }
        CopyRow row(**chunk);
        if (row.end()) {
            continue;
        }
        Entry entry = read_row(row, scope);
        const Result<void> taken = co_await buffer.add(std::move(entry), (*chunk)->size());
        if (!taken) {
            co_return taken;
        }
    }
    co_return Result<void>();
}

class PostgresBulk final : public BulkStorage {
  public:
    explicit PostgresBulk(postgres::PoolDirectory& pools) : pools_(pools) {}

    Task<Result<ImportedBatch>> write(const RequestContext& request, const Place& place,
                                      const std::vector<StoreRequest>& entries) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Result<ImportedBatch> written = co_await write_batch(**pool, request, entries);
        co_return written;
    }

    Task<Result<std::int64_t>> read(const RequestContext& request, const Place& place,
                                    const NamespaceSelection& selection,
                                    const EntrySink& sink) override {
        const Result<postgres::Pool*> pool = pool_at(pools_, place);
        if (!pool) {
            co_return fail(pool.error());
        }
        Result<Session> session = co_await (*pool)->session(request.deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        std::string begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        const Result<Rows> begun = co_await session->query(std::move(begin), {}, request.deadline);
        if (!begun) {
            co_return fail(begun.error());
        }
        const Result<std::vector<std::string>> names =
            co_await choose_namespaces(*session, request, selection);
        if (!names) {
            co_return fail(names.error());
        }
        SinkBuffer buffer(sink);
        for (const std::string& name : *names) {
            const Result<void> sent =
                co_await read_namespace(*session, request, name, place.scope, buffer);
            if (!sent) {
                co_return fail(sent.error());
            }
        }
        const Result<void> flushed = co_await buffer.flush();
        if (!flushed) {
            co_return fail(flushed.error());
        }
        const Result<Rows> ended = co_await session->query("COMMIT", {}, request.deadline);
        if (!ended) {
            co_return fail(ended.error());
        }
        co_return buffer.count();
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
    postgres::PoolDirectory& pools_;
};

}  // namespace

std::unique_ptr<BulkStorage> make_postgres_bulk(postgres::PoolDirectory& pools) {
    return std::make_unique<PostgresBulk>(pools);
}

}  // namespace pgmind::memory
