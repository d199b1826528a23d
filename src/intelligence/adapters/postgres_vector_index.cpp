#include "intelligence/adapters/postgres_vector_index.hpp"

#include "async/notifier.hpp"
#include "async/when_all.hpp"
#include "intelligence/adapters/vector_dialect.hpp"
#include "platform/postgres/session.hpp"

namespace pgmind::intelligence {
namespace {

using postgres::Parameters;
using postgres::Rows;
using postgres::Session;

// Of the indexes that there should be, the one that needs most to be done. What the dialect wants
// comes in between.
constexpr std::string_view kInspectBegin = "WITH wanted (name, definition) AS (";
constexpr std::string_view kInspectEnd =
    ") SELECT w.name, w.definition, i.indexrelid IS NOT NULL, "
    "coalesce(i.indisvalid AND i.indisready, false), "
    "EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.datname = current_database() "
    "AND p.relid = 'pgmind.memory_entries'::regclass), v.index_name IS NOT NULL "
    "FROM wanted w LEFT JOIN pg_index i ON i.indexrelid = to_regclass('pgmind.' || w.name) "
    "LEFT JOIN pgmind.vector_indexes v ON v.index_name = w.name "
    "ORDER BY 4, 6, 1 LIMIT 1";
// Held by the session that builds; goes with it, however it ends.
constexpr const char* kClaim =
    "SELECT pg_try_advisory_lock(hashtextextended('pgmind.memory_entries_vectors', 0)), "
    "pg_backend_pid()";
constexpr const char* kProgress =
    "SELECT coalesce(tuples_done::double precision / nullif(tuples_total, 0), "
    "blocks_done::double precision / nullif(blocks_total, 0), 0) "
    "FROM pg_stat_progress_create_index WHERE pid = $1::integer";
constexpr const char* kAnnounce =
    "INSERT INTO pgmind.vector_indexes (index_name) VALUES ($1) "
    "ON CONFLICT DO NOTHING";
// Of the indexes themselves only their length: to count what it holds would be to read all of it.
constexpr const char* kMeasure =
    "SELECT (SELECT count(*) FROM pgmind.namespaces WHERE dimensions IS NOT NULL), "
    "(CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup ELSE greatest(c.reltuples, 0) END "
    " * (1 - coalesce(pgmind.entries_null_fraction('embedding'), 0)))::bigint, "
    "(SELECT coalesce(sum(pg_relation_size(i.indexrelid)), 0)::bigint FROM pg_index i "
    " JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am a ON a.oid = x.relam "
    " WHERE i.indrelid = c.oid AND a.amname IN ('ruhnsw', 'hnsw')) "
    "FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid "
    "WHERE c.oid = 'pgmind.memory_entries'::regclass";
constexpr const char* kVacuum = "VACUUM (INDEX_CLEANUP ON) pgmind.memory_entries";
constexpr auto kProgressPause = std::chrono::seconds(1);
constexpr auto kProgressTimeout = std::chrono::seconds(10);

/// One build under way, as the task that runs it and the one that watches it share it.
struct Build {
    explicit Build(Executor executor) : changed(executor) {}
    async::Notifier changed;
    std::int64_t pid = 0;
    bool done = false;
};

Task<Result<Rows>> ask(Session& session, std::string sql, Deadline deadline) {
    Result<Rows> rows = co_await session.query(std::move(sql), Parameters(), deadline);
    co_return rows;
}

/// Both as the dialect gave them.
struct WantedIndex {
    std::string name;
    std::string definition;
};

Task<Result<bool>> run_build(Session& session, WantedIndex index, bool rebuild, Deadline deadline) {
    if (rebuild) {
        const auto dropped = co_await ask(
            session, "DROP INDEX CONCURRENTLY IF EXISTS pgmind." + index.name, deadline);
        if (!dropped) {
            co_return fail(dropped.error());
        }
    }
    const auto built = co_await ask(
        session,
        "CREATE INDEX CONCURRENTLY " + index.name + " ON pgmind.memory_entries " + index.definition,
        deadline);
    if (!built) {
        co_return fail(built.error());
    }
    co_return true;
}

class PostgresVectorIndex final : public VectorIndexStore {
  public:
    PostgresVectorIndex(postgres::ConnectionOptions database, const VectorDialect& dialect)
        : database_(std::move(database)), dialect_(dialect) {}

    Task<Result<VectorIndexFacts>> inspect(Deadline deadline) override {
        std::string sql(kInspectBegin);
        sql.append(dialect_.wanted_indexes()).append(kInspectEnd);
        const auto rows = co_await ask_once(std::move(sql), Parameters(), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        VectorIndexFacts facts;
        facts.wanted = !rows->empty();
        if (facts.wanted) {
            index_ = {std::string(rows->text(0, 0)), std::string(rows->text(0, 1))};
            facts.exists = rows->boolean(0, 2);
            facts.valid = rows->boolean(0, 3);
            facts.being_built = rows->boolean(0, 4);
            facts.announced = rows->boolean(0, 5);
        }
        co_return facts;
    }

    Task<Result<bool>> build(bool rebuild, std::function<bool(double)> go_on,
                             Deadline deadline) override {
        auto session = co_await Session::connect(database_, deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        const auto claimed = co_await ask(*session, kClaim, deadline);
        if (!claimed) {
            co_return fail(claimed.error());
        }
        if (!claimed->boolean(0, 0)) {
            co_return false;
        }
        const Executor executor = co_await async::this_executor();
        Build build(executor);
        build.pid = claimed->int64(0, 1);
        std::vector<Task<Result<bool>>> tasks;
        tasks.push_back(build_and_tell(*session, index_, rebuild, build, deadline));
        tasks.push_back(watch(build, std::move(go_on)));
        std::vector<Result<bool>> results = co_await async::when_all(std::move(tasks));
        co_return std::move(results.front());
    }

    Task<Result<bool>> announce(Deadline deadline) override {
        Parameters name;
        name.add(index_.name);
        const auto rows = co_await ask_once(kAnnounce, std::move(name), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return rows->affected() == 1;
    }

    Task<Result<VectorIndexSize>> measure(Deadline deadline) override {
        const auto rows = co_await ask_once(kMeasure, Parameters(), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return VectorIndexSize{rows->int64(0, 0), rows->int64(0, 1), rows->int64(0, 2)};
    }

    Task<Result<void>> vacuum(Deadline deadline) override {
        if (!dialect_.vacuum_after_removal()) {
            co_return Result<void>();  // Autovacuum sees to it.
        }
        const auto rows = co_await ask_once(kVacuum, Parameters(), deadline);
        co_return rows ? Result<void>() : fail(rows.error());
    }

  private:
    Task<Result<Rows>> ask_once(std::string sql, Parameters parameters, Deadline deadline) {
        auto session = co_await Session::connect(database_, deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        auto rows = co_await session->query(std::move(sql), std::move(parameters), deadline);
        co_return rows;
    }

    static Task<Result<bool>> build_and_tell(Session& session, WantedIndex index, bool rebuild,
                                             Build& build, Deadline deadline) {
        auto built = co_await run_build(session, std::move(index), rebuild, deadline);
        build.done = true;
        build.changed.notify_all();
        co_return built;
    }

    // Tells the progress until the build has ended, and ends it when nobody wants it any more. That
    // the progress is not to be had does not stop the build.
    Task<Result<bool>> watch(Build& build, std::function<bool(double)> go_on) {
        double progress = 0;
        while (!build.done) {
            const bool wanted = go_on(progress);
            const Deadline limit = Deadline::after(kProgressTimeout);
            auto session = co_await Session::connect(database_, limit);
            if (session && !wanted) {
                co_await cancel(*session, build.pid, limit);
            } else if (session) {
                Parameters pid;
                pid.add(build.pid);
                const auto rows = co_await session->query(kProgress, std::move(pid), limit);
                progress = rows && !rows->empty() ? rows->real(0, 0) : progress;
            }
            const Deadline next = Deadline::after(kProgressPause);
            if (!build.done) {
                co_await build.changed.wait_until(next);
            }
        }
        co_return true;
    }

    // A role may cancel the statements of its own logins, not those of roles that act for it.
    static Task<void> cancel(Session& session, std::int64_t pid, Deadline deadline) {
        const auto self = co_await ask(session, "SET ROLE NONE", deadline);
        if (self) {
            Parameters parameters;
            parameters.add(pid);
            co_await session.query("SELECT pg_cancel_backend($1::integer)", std::move(parameters),
                                   deadline);
        }
    }

    postgres::ConnectionOptions database_;
    const VectorDialect& dialect_;
    WantedIndex index_;  // That the last look was about.
};

}  // namespace

std::unique_ptr<VectorIndexStore> make_postgres_vector_index(postgres::ConnectionOptions database,
                                                             cluster::VectorExtension extension) {
    return std::make_unique<PostgresVectorIndex>(std::move(database), vector_dialect(extension));
}

}  // namespace pgmind::intelligence
