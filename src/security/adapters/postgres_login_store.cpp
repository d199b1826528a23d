#include "security/adapters/postgres_login_store.hpp"

#include <algorithm>

#include "platform/crypto/crypto.hpp"
#include "security/adapters/postgres_audit_store.hpp"
#include "security/adapters/postgres_second_factor_store.hpp"
#include "security/adapters/transaction.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Session;
using postgres::Statement;

// Counts the attempt unless its time has not come; the wait after n failures is 2^(n - free)
// seconds. By the server's clock, which all gateways share. The select sees the counter as it was
// before; whether the attempt counted, only the insert knows.
constexpr Statement kBegin = {
    "login_begin",
    "WITH counted AS ("
    " INSERT INTO pgmind.login_throttle AS t (slot, failures, last_attempt_at)"
    " VALUES ($1::integer, 1, clock_timestamp())"
    " ON CONFLICT (slot) DO UPDATE SET last_attempt_at = clock_timestamp(), failures = CASE"
    "  WHEN t.last_attempt_at < clock_timestamp() - $5::bigint * interval '1 second' THEN 1"
    "  ELSE least(t.failures + 1, 1000) END"
    " WHERE t.failures < $3::integer OR t.last_attempt_at"
    "  + least(power(2, least(t.failures - $3::integer, 30)), $4::bigint) * interval '1 second'"
    "  <= clock_timestamp()"
    " RETURNING slot)"
    " SELECT (SELECT count(*) FROM counted),"
    " (SELECT (extract(epoch from last_attempt_at - clock_timestamp()"
    "  + least(power(2, greatest(0, least(failures - $3::integer, 30))), $4::bigint)"
    "  * interval '1 second') * 1000)::bigint"
    "  FROM pgmind.login_throttle WHERE slot = $1::integer),"
    " p.principal_id, w.hash, encode(f.envelope, 'hex'), f.last_step"
    " FROM (SELECT 1) AS one LEFT JOIN pgmind.principals p"
    "  ON p.name = $2 AND p.kind = 'user' AND NOT p.disabled"
    " LEFT JOIN pgmind.passwords w USING (principal_id)"
    " LEFT JOIN pgmind.second_factors f"
    "  ON f.principal_id = p.principal_id AND f.confirmed_at IS NOT NULL",
    Effect::write};
constexpr Statement kForgive = {"login_forgive",
                                "UPDATE pgmind.login_throttle SET failures = greatest(0, failures "
                                "- 1) WHERE slot = $1::integer",
                                Effect::write};
constexpr Statement kResetSlot = {
    "login_reset", "UPDATE pgmind.login_throttle SET failures = 0 WHERE slot = $1::integer",
    Effect::write};
// Locks the password, so that no other one is set between this look and the commit. The hash that
// was checked must still be it.
constexpr Statement kConfirm = {
    "login_confirm",
    "SELECT 1 FROM pgmind.passwords w JOIN pgmind.principals p USING (principal_id)"
    " WHERE w.principal_id = $1::uuid AND w.hash = $2 AND NOT p.disabled FOR UPDATE OF w",
    Effect::write};
constexpr Statement kRehash = {
    "login_rehash", "UPDATE pgmind.passwords SET hash = $2 WHERE principal_id = $1::uuid",
    Effect::write};
constexpr Statement kInsertSession = {
    "login_insert_session",
    "INSERT INTO pgmind.sessions (session_id, principal_id, hmac, created_at, last_used_at,"
    " expires_at, remote_address, second_factor) VALUES ($1, $2::uuid, decode($3, 'hex'),"
    " timestamptz 'epoch' + $4::bigint * interval '1 microsecond',"
    " timestamptz 'epoch' + $4::bigint * interval '1 microsecond',"
    " timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6, $7::boolean)",
    Effect::write};
// A principal has at most 100 open sessions: the oldest end.
constexpr Statement kEndOldest = {
    "login_end_oldest",
    "UPDATE pgmind.sessions SET revoked_at = now() WHERE session_id IN"
    " (SELECT session_id FROM pgmind.sessions WHERE principal_id = $1::uuid"
    "  AND revoked_at IS NULL AND expires_at > now() ORDER BY created_at DESC, session_id"
    "  OFFSET 100)",
    Effect::write};
constexpr Statement kSetPassword = {
    "password_set",
    "INSERT INTO pgmind.passwords AS w (principal_id, hash, set_at)"
    " SELECT p.principal_id, $2, timestamptz 'epoch' + $3::bigint * interval '1 microsecond'"
    " FROM pgmind.principals p"
    " WHERE p.principal_id = $1::uuid AND p.kind = 'user' AND NOT p.disabled"
    " ON CONFLICT (principal_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at"
    " RETURNING 1",
    Effect::write};
constexpr Statement kEndSessions = {
    "password_end_sessions",
    "UPDATE pgmind.sessions SET revoked_at = now()"
    " WHERE principal_id = $1::uuid AND revoked_at IS NULL AND session_id <> $2",
    Effect::write};

std::int64_t microseconds(WallTime time) {
    return time.time_since_epoch().count();
}

// False when the hash is not the principal's any more.
Task<Result<bool>> confirm(Session& session, const PrincipalId& principal, const std::string& hash,
                           Deadline deadline) {
    Parameters parameters;
    parameters.add(principal.value()).add(hash);
    const auto rows = co_await session.execute(kConfirm, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return rows->size() == 1;
}

Task<Result<void>> reset(Session& session, ThrottleSlot slot, Deadline deadline) {
    Parameters parameters;
    parameters.add(std::int64_t{slot});
    auto done = co_await execute(session, kResetSlot, std::move(parameters), deadline);
    co_return done;
}

Task<Result<void>> insert_session(Session& session, const StoredSession& stored,
                                  Deadline deadline) {
    const SessionDetails& details = stored.details;
    Parameters parameters;
    parameters.add(details.session_id).add(details.principal.value());
    parameters.add(crypto::to_hex(stored.digest)).add(microseconds(details.created_at));
    parameters.add(microseconds(details.expires_at)).add(details.remote_address);
    parameters.add(details.second_factor);
    auto inserted = co_await execute(session, kInsertSession, std::move(parameters), deadline);
    if (!inserted) {
        co_return inserted;
    }
    Parameters owner;
    owner.add(details.principal.value());
    auto ended = co_await execute(session, kEndOldest, std::move(owner), deadline);
    co_return ended;
}

Task<Result<void>> record(Session& session, const AuditRecord& record, Deadline deadline) {
    const std::vector<AuditRecord> records = {record};
    auto written = co_await insert_audit_records(session, records, deadline);
    co_return written;
}

Task<Result<bool>> write_login(Session& session, const CompletedLogin& login, Deadline deadline) {
    const StoredPassword& checked = login.checked;
    auto confirmed = co_await confirm(session, checked.principal, checked.hash, deadline);
    if (!confirmed || !*confirmed) {
        co_return confirmed;
    }
    auto used =
        co_await use_second_factor(session, checked.principal, login.second_factor, deadline);
    if (!used || !*used) {
        co_return used;
    }
    if (login.rehashed) {
        Parameters parameters;
        parameters.add(checked.principal.value()).add(*login.rehashed);
        const auto done = co_await execute(session, kRehash, std::move(parameters), deadline);
        if (!done) {
            co_return fail(done.error());
        }
    }
    const auto cleared = co_await reset(session, login.slot, deadline);
    if (!cleared) {
        co_return fail(cleared.error());
    }
    const auto inserted = co_await insert_session(session, login.session, deadline);
    if (!inserted) {
        co_return fail(inserted.error());
    }
    const auto written = co_await record(session, login.record, deadline);
    if (!written) {
        co_return fail(written.error());
    }
    co_return true;
}

Task<Result<bool>> write_password(Session& session, const PasswordSet& wanted, Deadline deadline) {
    if (wanted.expected_hash) {
        auto confirmed =
            co_await confirm(session, wanted.principal, *wanted.expected_hash, deadline);
        if (!confirmed || !*confirmed) {
            co_return confirmed;
        }
    }
    Parameters parameters;
    parameters.add(wanted.principal.value()).add(wanted.hash).add(microseconds(wanted.set_at));
    const auto set = co_await session.execute(kSetPassword, std::move(parameters), deadline);
    if (!set) {
        co_return fail(set.error());
    }
    if (set->empty()) {
        co_return false;
    }
    Parameters kept;
    kept.add(wanted.principal.value()).add(wanted.session_kept);
    const auto ended = co_await execute(session, kEndSessions, std::move(kept), deadline);
    if (!ended) {
        co_return fail(ended.error());
    }
    const auto cleared = co_await reset(session, wanted.slot, deadline);
    if (!cleared) {
        co_return fail(cleared.error());
    }
    const auto written = co_await record(session, wanted.record, deadline);
    if (!written) {
        co_return fail(written.error());
    }
    co_return true;
}

class PostgresLoginStore final : public LoginStore {
  public:
    PostgresLoginStore(Pool& coordinator, ThrottleRules rules)
        : coordinator_(coordinator), rules_(rules) {}

    Task<Result<LoginAttempt>> begin(ThrottleSlot slot, std::string name,
                                     Deadline deadline) override {
        Parameters parameters;
        parameters.add(std::int64_t{slot}).add(name).add(std::int64_t{rules_.free_failures});
        parameters.add(static_cast<std::int64_t>(rules_.wait_max.count()));
        parameters.add(static_cast<std::int64_t>(rules_.forget_after.count()));
        const auto rows = co_await coordinator_.execute(kBegin, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        LoginAttempt attempt;
        if (rows->int64(0, 0) == 0) {
            const std::int64_t wait_ms = rows->optional_int64(0, 1).value_or(0);
            attempt.wait = std::chrono::milliseconds(std::max<std::int64_t>(1, wait_ms));
        } else if (!rows->is_null(0, 3)) {
            attempt.password = StoredPassword{PrincipalId(std::string(rows->text(0, 2))), name,
                                              std::string(rows->text(0, 3))};
            if (!rows->is_null(0, 4)) {
                attempt.password->second_factor = StoredSecondFactor{
                    crypto::from_hex(rows->text(0, 4)).value_or(""), WallTime(), rows->int64(0, 5)};
            }
        }
        co_return attempt;
    }

    Task<Result<void>> forgive(ThrottleSlot slot, Deadline deadline) override {
        Parameters parameters;
        parameters.add(std::int64_t{slot});
        const auto rows = co_await coordinator_.execute(kForgive, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return Result<void>();
    }

    Task<Result<bool>> complete(const CompletedLogin& login, Deadline deadline) override {
        auto done = co_await in_transaction(coordinator_, write_login, login, deadline);
        co_return done;
    }

    Task<Result<bool>> set_password(const PasswordSet& password, Deadline deadline) override {
        auto done = co_await in_transaction(coordinator_, write_password, password, deadline);
        co_return done;
    }

  private:
    Pool& coordinator_;
    ThrottleRules rules_;
};

}  // namespace

std::unique_ptr<LoginStore> make_postgres_login_store(Pool& coordinator, ThrottleRules rules) {
    return std::make_unique<PostgresLoginStore>(coordinator, rules);
}

}  // namespace pgmind::security
