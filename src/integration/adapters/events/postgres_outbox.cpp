#include "integration/adapters/events/postgres_outbox.hpp"

namespace pgmind::integration {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

// Any number that nobody else uses for an advisory lock in these databases ("outbox" in ASCII).
constexpr std::int64_t kRelayLock = 0x6f7574626f78;

constexpr Statement kAnyDue = {
    "outbox_any_due",
    "SELECT EXISTS (SELECT FROM pgmind.event_outbox WHERE retry_at IS NULL OR retry_at <= now())",
    Effect::read};
// One relay at a time works on a database: so the order of ids is the order of delivery.
constexpr Statement kLock = {"outbox_lock", "SELECT pg_try_advisory_xact_lock($1::bigint)",
                             Effect::write};
constexpr Statement kClaim = {
    "outbox_claim",
    "SELECT id, name, payload, request_id, principal,"
    " (extract(epoch from created_at) * 1000000)::bigint, attempts FROM pgmind.event_outbox"
    " WHERE retry_at IS NULL OR retry_at <= now() ORDER BY id LIMIT $1::bigint",
    Effect::write};
constexpr Statement kDelete = {"outbox_delete",
                               "DELETE FROM pgmind.event_outbox WHERE id = ANY ($1::bigint[])",
                               Effect::write};
constexpr Statement kPutAside = {
    "outbox_put_aside",
    "UPDATE pgmind.event_outbox o SET attempts = o.attempts + 1,"
    " retry_at = clock_timestamp() + f.delay_ms * interval '1 millisecond'"
    " FROM unnest($1::bigint[], $2::bigint[]) AS f (id, delay_ms) WHERE o.id = f.id",
    Effect::write};
constexpr Statement kBury = {
    "outbox_bury",
    "WITH gone AS (DELETE FROM pgmind.event_outbox o"
    " USING unnest($1::bigint[], $2::text[]) AS f (id, error) WHERE o.id = f.id"
    " RETURNING o.id, o.name, o.payload, o.request_id, o.principal, o.created_at, o.attempts + 1,"
    " f.error)"
    " INSERT INTO pgmind.event_dead_letters"
    " (id, name, payload, request_id, principal, created_at, attempts, error) SELECT * FROM gone",
    Effect::write};

Task<Result<void>> command(Session& session, std::string sql, Deadline deadline) {
    const auto rows = co_await session.query(std::move(sql), Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

Task<Result<void>> execute(Session& session, const Statement& statement, Parameters parameters,
                           Deadline deadline) {
    const auto rows = co_await session.execute(statement, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

OutboxEvent read_event(const Rows& rows, std::size_t row, const std::string& database) {
    OutboxEvent event;
    event.id = rows.int64(row, 0);
    event.database = database;
    event.name = rows.text(row, 1);
    event.payload = rows.text(row, 2);
    event.request_id = rows.text(row, 3);
    event.principal = rows.text(row, 4);
    event.created_at = rows.time_us(row, 5);
    event.attempts = static_cast<int>(rows.int64(row, 6));
    return event;
}

// The transaction ends with finish(), or is rolled back when its connection is closed: the pool
// does so with a session that comes back in a transaction.
class PostgresClaim final : public OutboxClaim {
  public:
    PostgresClaim(Session session, std::vector<OutboxEvent> events)
        : session_(std::move(session)), events_(std::move(events)) {}

    const std::vector<OutboxEvent>& events() const override { return events_; }

    Task<Result<void>> finish(const OutboxOutcome& outcome, Deadline deadline) override {
        if (!outcome.delivered.empty()) {
            Parameters parameters;
            parameters.add_array(outcome.delivered);
            auto deleted = co_await execute(session_, kDelete, std::move(parameters), deadline);
            if (!deleted) {
                co_return deleted;
            }
        }
        auto aside = co_await put_aside(outcome.failed, deadline);
        if (!aside) {
            co_return aside;
        }
        auto buried = co_await bury(outcome.dead, deadline);
        if (!buried) {
            co_return buried;
        }
        auto ended = co_await command(session_, "COMMIT", deadline);
        co_return ended;
    }

  private:
    Task<Result<void>> put_aside(const std::vector<FailedDelivery>& failed, Deadline deadline) {
        if (failed.empty()) {
            co_return Result<void>();
        }
        std::vector<std::int64_t> ids;
        std::vector<std::int64_t> delays_ms;
        for (const FailedDelivery& each : failed) {
            ids.push_back(each.id);
            delays_ms.push_back(each.retry_after.count());
        }
        Parameters parameters;
        parameters.add_array(ids).add_array(delays_ms);
        auto done = co_await execute(session_, kPutAside, std::move(parameters), deadline);
        co_return done;
    }

    Task<Result<void>> bury(const std::vector<FailedDelivery>& dead, Deadline deadline) {
        if (dead.empty()) {
            co_return Result<void>();
        }
        std::vector<std::int64_t> ids;
        std::vector<std::string> errors;
        for (const FailedDelivery& each : dead) {
            ids.push_back(each.id);
            errors.push_back(each.error);
        }
        Parameters parameters;
        parameters.add_array(ids).add_array(errors);
        auto done = co_await execute(session_, kBury, std::move(parameters), deadline);
        co_return done;
    }

    Session session_;
    std::vector<OutboxEvent> events_;
};

class PostgresOutbox final : public OutboxStore {
  public:
    PostgresOutbox(Pool& pool, std::string database)
        : pool_(pool), database_(std::move(database)) {}

    Task<Result<std::unique_ptr<OutboxClaim>>> claim(std::size_t events_max,
                                                     Deadline deadline) override {
        // Mostly there is nothing: one read finds that out, without a transaction.
        const auto any = co_await pool_.execute(kAnyDue, Parameters(), deadline);
        if (!any) {
            co_return fail(any.error());
        }
        if (!any->boolean(0, 0)) {
            co_return std::unique_ptr<OutboxClaim>();
        }
        auto session = co_await pool_.session(deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        auto events = co_await lock_and_read(*session, events_max, deadline);
        if (!events) {
            co_return fail(std::move(events.error()));
        }
        if (events->empty()) {
            const auto ended = co_await command(*session, "ROLLBACK", deadline);
            if (!ended) {
                co_return fail(ended.error());
            }
            co_return std::unique_ptr<OutboxClaim>();
        }
        co_return std::make_unique<PostgresClaim>(std::move(*session), std::move(*events));
    }

  private:
    // Begins the transaction; empty when another relay has the lock.
    Task<Result<std::vector<OutboxEvent>>> lock_and_read(Session& session, std::size_t events_max,
                                                         Deadline deadline) {
        std::vector<OutboxEvent> events;
        const auto begun = co_await command(session, "BEGIN", deadline);
        if (!begun) {
            co_return fail(begun.error());
        }
        Parameters key;
        key.add(kRelayLock);
        const auto locked = co_await session.execute(kLock, std::move(key), deadline);
        if (!locked) {
            co_return fail(locked.error());
        }
        if (!locked->boolean(0, 0)) {
            co_return events;
        }
        Parameters limit;
        limit.add(static_cast<std::int64_t>(events_max));
        const auto rows = co_await session.execute(kClaim, std::move(limit), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        for (std::size_t row = 0; row < rows->size(); ++row) {
            events.push_back(read_event(*rows, row, database_));
        }
        co_return events;
    }

    Pool& pool_;
    std::string database_;
};

}  // namespace

std::unique_ptr<OutboxStore> make_postgres_outbox(Pool& pool, std::string database) {
    return std::make_unique<PostgresOutbox>(pool, std::move(database));
}

}  // namespace pgmind::integration
