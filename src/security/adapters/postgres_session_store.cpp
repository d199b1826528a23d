#include <algorithm>

#include "platform/crypto/crypto.hpp"
#include "security/adapters/postgres_audit_store.hpp"
#include "security/adapters/postgres_login_store.hpp"
#include "security/adapters/transaction.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

#define PGMIND_SESSION_COLUMNS                                                      \
    "session_id, principal_id, (extract(epoch from created_at) * 1000000)::bigint," \
    " (extract(epoch from last_used_at) * 1000000)::bigint,"                        \
    " (extract(epoch from expires_at) * 1000000)::bigint,"                          \
    " (extract(epoch from revoked_at) * 1000000)::bigint, remote_address, second_factor"

// Refused on a standby, which may be behind a revocation.
constexpr Statement kFind = {"sessions_find",
                             "SELECT " PGMIND_SESSION_COLUMNS
                             ", encode(hmac, 'hex') FROM pgmind.sessions"
                             " WHERE session_id = ANY ($1::text[]) AND NOT pg_is_in_recovery()",
                             Effect::read};
constexpr Statement kTouch = {"sessions_touch",
                              "UPDATE pgmind.sessions s SET last_used_at ="
                              " timestamptz 'epoch' + u.used_us * interval '1 microsecond'"
                              " FROM unnest($1::text[], $2::bigint[]) AS u (session_id, used_us)"
                              " WHERE s.session_id = u.session_id AND s.last_used_at <"
                              " timestamptz 'epoch' + u.used_us * interval '1 microsecond'",
                              Effect::idempotent_write};
constexpr Statement kList = {"sessions_list",
                             "SELECT " PGMIND_SESSION_COLUMNS
                             " FROM pgmind.sessions WHERE principal_id = $1::uuid"
                             " ORDER BY created_at DESC, session_id LIMIT 100",
                             Effect::read};
constexpr Statement kRevoke = {
    "sessions_revoke",
    "UPDATE pgmind.sessions SET revoked_at ="
    " coalesce(revoked_at, timestamptz 'epoch' + $3::bigint * interval '1 microsecond')"
    " WHERE session_id = $1 AND principal_id = $2::uuid RETURNING 1",
    Effect::write};
constexpr Statement kRemove = {
    "sessions_remove",
    "DELETE FROM pgmind.sessions"
    " WHERE expires_at < timestamptz 'epoch' + $1::bigint * interval '1 microsecond'",
    Effect::idempotent_write};

#undef PGMIND_SESSION_COLUMNS

SessionDetails read_details(const Rows& rows, std::size_t row) {
    SessionDetails details;
    details.session_id = rows.text(row, 0);
    details.principal = PrincipalId(std::string(rows.text(row, 1)));
    details.created_at = rows.time_us(row, 2);
    details.last_used_at = rows.time_us(row, 3);
    details.expires_at = rows.time_us(row, 4);
    details.revoked_at = rows.optional_time_us(row, 5);
    details.remote_address = rows.text(row, 6);
    details.second_factor = rows.boolean(row, 7);
    return details;
}

Result<std::vector<StoredSession>> read_sessions(const Rows& rows) {
    std::vector<StoredSession> sessions;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        StoredSession session;
        session.details = read_details(rows, row);
        const auto digest = crypto::from_hex(rows.text(row, 8));
        if (!digest || digest->size() != session.digest.size()) {
            return fail(BaseErrc::internal, "a stored session's HMAC has not 32 bytes");
        }
        std::copy(digest->begin(), digest->end(), session.digest.begin());
        sessions.push_back(std::move(session));
    }
    return sessions;
}

struct Revocation {
    const std::string& session_id;
    const PrincipalId& principal;
    WallTime now;
    const AuditRecord& record;
};

Task<Result<bool>> write_revocation(Session& session, const Revocation& revocation,
                                    Deadline deadline) {
    Parameters parameters;
    parameters.add(revocation.session_id).add(revocation.principal.value());
    parameters.add(static_cast<std::int64_t>(revocation.now.time_since_epoch().count()));
    const auto rows = co_await session.execute(kRevoke, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    if (rows->empty()) {
        co_return false;
    }
    const std::vector<AuditRecord> records = {revocation.record};
    const auto written = co_await insert_audit_records(session, records, deadline);
    if (!written) {
        co_return fail(written.error());
    }
    co_return true;
}

class PostgresSessionStore final : public SessionStore {
  public:
    explicit PostgresSessionStore(Pool& coordinator) : coordinator_(coordinator) {}

    Task<Result<std::vector<StoredSession>>> find(const std::vector<std::string>& ids,
                                                  Deadline deadline) override {
        Parameters parameters;
        parameters.add_array(ids);
        const auto rows = co_await coordinator_.execute(kFind, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return read_sessions(*rows);
    }

    Task<Result<void>> touch(const std::vector<SessionUse>& uses, Deadline deadline) override {
        std::vector<std::string> ids;
        std::vector<std::int64_t> times;
        for (const SessionUse& use : uses) {
            ids.push_back(use.session_id);
            times.push_back(use.last_used_at.time_since_epoch().count());
        }
        Parameters parameters;
        parameters.add_array(ids).add_array(times);
        const auto rows = co_await coordinator_.execute(kTouch, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return Result<void>();
    }

    Task<Result<std::vector<SessionDetails>>> list(const PrincipalId& principal,
                                                   Deadline deadline) override {
        Parameters parameters;
        parameters.add(principal.value());
        const auto rows = co_await coordinator_.execute(kList, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        std::vector<SessionDetails> sessions;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            sessions.push_back(read_details(*rows, row));
        }
        co_return sessions;
    }

    Task<Result<bool>> revoke(const std::string& session_id, const PrincipalId& principal,
                              WallTime now, const AuditRecord& record, Deadline deadline) override {
        const Revocation revocation{session_id, principal, now, record};
        auto done = co_await in_transaction(coordinator_, write_revocation, revocation, deadline);
        co_return done;
    }

    Task<Result<void>> remove_ended_before(WallTime time, Deadline deadline) override {
        Parameters parameters;
        parameters.add(static_cast<std::int64_t>(time.time_since_epoch().count()));
        const auto rows = co_await coordinator_.execute(kRemove, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return Result<void>();
    }

  private:
    Pool& coordinator_;
};

}  // namespace

std::unique_ptr<SessionStore> make_postgres_session_store(Pool& coordinator) {
    return std::make_unique<PostgresSessionStore>(coordinator);
}

}  // namespace pgmind::security
