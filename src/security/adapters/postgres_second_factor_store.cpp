#include "security/adapters/postgres_second_factor_store.hpp"

#include <span>

#include "platform/crypto/crypto.hpp"
#include "security/adapters/postgres_audit_store.hpp"
#include "security/adapters/transaction.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Session;
using postgres::Statement;

constexpr Statement kFind = {
    "second_factor_find",
    "SELECT encode(f.envelope, 'hex'), (extract(epoch from f.confirmed_at) * 1000000)::bigint,"
    " f.last_step, (SELECT count(*) FROM pgmind.recovery_codes r"
    "  WHERE r.principal_id = f.principal_id AND r.used_at IS NULL)"
    " FROM pgmind.second_factors f WHERE f.principal_id = $1::uuid AND NOT pg_is_in_recovery()",
    Effect::read};
constexpr Statement kEnrol = {
    "second_factor_enrol",
    "INSERT INTO pgmind.second_factors AS f (principal_id, envelope, created_at)"
    " VALUES ($1::uuid, decode($2, 'hex'), now())"
    " ON CONFLICT (principal_id) DO UPDATE SET envelope = excluded.envelope, created_at = now()"
    " WHERE f.confirmed_at IS NULL RETURNING 1",
    Effect::write};
// One transaction at a time decides about a principal's factors and logins.
constexpr Statement kLock = {
    "second_factor_lock", "SELECT 1 FROM pgmind.passwords WHERE principal_id = $1::uuid FOR UPDATE",
    Effect::write};
// The row's lock makes one of two logins with one code wait, and then find the step used.
constexpr Statement kUseStep = {
    "second_factor_use_step",
    "UPDATE pgmind.second_factors SET last_step = $3::bigint WHERE principal_id = $1::uuid"
    " AND envelope = decode($2, 'hex') AND confirmed_at IS NOT NULL AND last_step < $3::bigint"
    " RETURNING 1",
    Effect::write};
constexpr Statement kUseRecoveryCode = {
    "second_factor_use_recovery_code",
    "UPDATE pgmind.recovery_codes r SET used_at = now() FROM pgmind.second_factors f"
    " WHERE f.principal_id = $1::uuid AND f.envelope = decode($2, 'hex')"
    " AND f.confirmed_at IS NOT NULL AND r.principal_id = f.principal_id"
    " AND r.hmac = decode($3, 'hex') AND r.used_at IS NULL RETURNING 1",
    Effect::write};
constexpr Statement kNone = {"second_factor_none",
                             "SELECT 1 FROM pgmind.second_factors"
                             " WHERE principal_id = $1::uuid AND confirmed_at IS NOT NULL",
                             Effect::write};
constexpr Statement kConfirm = {
    "second_factor_confirm",
    "UPDATE pgmind.second_factors SET last_step = $3::bigint, confirmed_at = now()"
    " WHERE principal_id = $1::uuid AND envelope = decode($2, 'hex') AND confirmed_at IS NULL"
    " RETURNING 1",
    Effect::write};
constexpr Statement kDelete = {
    "second_factor_delete",
    "DELETE FROM pgmind.second_factors WHERE principal_id = $1::uuid RETURNING 1", Effect::write};
constexpr Statement kDeleteCodes = {
    "second_factor_delete_codes", "DELETE FROM pgmind.recovery_codes WHERE principal_id = $1::uuid",
    Effect::write};
constexpr Statement kInsertCodes = {
    "second_factor_insert_codes",
    "INSERT INTO pgmind.recovery_codes (principal_id, hmac)"
    " SELECT $1::uuid, decode(hex, 'hex') FROM unnest($2::text[]) AS c (hex)",
    Effect::write};
constexpr Statement kEndSessions = {
    "second_factor_end_sessions",
    "UPDATE pgmind.sessions SET revoked_at = now()"
    " WHERE principal_id = $1::uuid AND revoked_at IS NULL AND session_id <> $2",
    Effect::write};
constexpr Statement kResetSlot = {
    "second_factor_reset_slot",
    "UPDATE pgmind.login_throttle SET failures = 0 WHERE slot = $1::integer", Effect::write};

std::string hex_of(std::string_view bytes) {
    return crypto::to_hex(
        std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

Task<Result<bool>> gives_a_row(Session& session, const Statement& statement, Parameters parameters,
                               Deadline deadline) {
    const auto rows = co_await session.execute(statement, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return !rows->empty();
}

Parameters of(const PrincipalId& principal) {
    Parameters parameters;
    parameters.add(principal.value());
    return parameters;
}

Task<Result<bool>> apply(Session& session, const SecondFactorChange& change, Deadline deadline) {
    if (change.kind == SecondFactorChange::Kind::confirm) {
        Parameters parameters = of(change.principal);
        parameters.add(hex_of(change.use.envelope)).add(change.use.step.value_or(0));
        auto done = co_await gives_a_row(session, kConfirm, std::move(parameters), deadline);
        co_return done;
    }
    if (change.kind != SecondFactorChange::Kind::reset) {
        const std::optional<SecondFactorUse> use = change.use;
        auto used = co_await use_second_factor(session, change.principal, use, deadline);
        if (!used || !*used || change.kind == SecondFactorChange::Kind::renew_codes) {
            co_return used;
        }
    }
    Parameters owner = of(change.principal);
    auto deleted = co_await gives_a_row(session, kDelete, std::move(owner), deadline);
    co_return deleted;
}

Task<Result<void>> replace_codes(Session& session, const SecondFactorChange& change,
                                 Deadline deadline) {
    Parameters owner = of(change.principal);
    auto deleted = co_await execute(session, kDeleteCodes, std::move(owner), deadline);
    if (!deleted || change.recovery_codes.empty()) {
        co_return deleted;
    }
    std::vector<std::string> digests;
    for (const KeyDigest& digest : change.recovery_codes) {
        digests.push_back(crypto::to_hex(digest));
    }
    Parameters parameters = of(change.principal);
    parameters.add_array(digests);
    auto inserted = co_await execute(session, kInsertCodes, std::move(parameters), deadline);
    co_return inserted;
}

Task<Result<void>> finish(Session& session, const SecondFactorChange& change, Deadline deadline) {
    if (change.kind != SecondFactorChange::Kind::renew_codes) {
        Parameters kept = of(change.principal);
        kept.add(change.session_kept);
        auto ended = co_await execute(session, kEndSessions, std::move(kept), deadline);
        if (!ended) {
            co_return ended;
        }
    }
    if (change.slot) {
        Parameters slot;
        slot.add(std::int64_t{*change.slot});
        auto cleared = co_await execute(session, kResetSlot, std::move(slot), deadline);
        if (!cleared) {
            co_return cleared;
        }
    }
    const std::vector<AuditRecord> records = {change.record};
    auto written = co_await insert_audit_records(session, records, deadline);
    co_return written;
}

Task<Result<bool>> write_change(Session& session, const SecondFactorChange& change,
                                Deadline deadline) {
    Parameters owner = of(change.principal);
    const auto locked = co_await execute(session, kLock, std::move(owner), deadline);
    if (!locked) {
        co_return fail(locked.error());
    }
    auto applied = co_await apply(session, change, deadline);
    if (!applied || !*applied) {
        co_return applied;
    }
    const auto replaced = co_await replace_codes(session, change, deadline);
    if (!replaced) {
        co_return fail(replaced.error());
    }
    const auto finished = co_await finish(session, change, deadline);
    if (!finished) {
        co_return fail(finished.error());
    }
    co_return true;
}

struct Enrolment {
    const PrincipalId& principal;
    const std::string& envelope;
    const AuditRecord& record;
};

Task<Result<bool>> write_enrolment(Session& session, const Enrolment& enrolment,
                                   Deadline deadline) {
    Parameters parameters = of(enrolment.principal);
    parameters.add(hex_of(enrolment.envelope));
    auto kept = co_await gives_a_row(session, kEnrol, std::move(parameters), deadline);
    if (!kept || !*kept) {
        co_return kept;
    }
    const std::vector<AuditRecord> records = {enrolment.record};
    const auto written = co_await insert_audit_records(session, records, deadline);
    if (!written) {
        co_return fail(written.error());
    }
    co_return true;
}

class PostgresSecondFactorStore final : public SecondFactorStore {
  public:
    explicit PostgresSecondFactorStore(Pool& coordinator) : coordinator_(coordinator) {}

    Task<Result<std::optional<StoredSecondFactor>>> find(const PrincipalId& principal,
                                                         Deadline deadline) override {
        Parameters parameters = of(principal);
        const auto rows = co_await coordinator_.execute(kFind, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        if (rows->empty()) {
            co_return std::nullopt;
        }
        StoredSecondFactor factor;
        factor.envelope = crypto::from_hex(rows->text(0, 0)).value_or("");
        factor.confirmed_at = rows->optional_time_us(0, 1);
        factor.last_step = rows->int64(0, 2);
        factor.recovery_codes_left = static_cast<std::size_t>(rows->int64(0, 3));
        co_return factor;
    }

    Task<Result<bool>> enrol(const PrincipalId& principal, const std::string& envelope,
                             const AuditRecord& record, Deadline deadline) override {
        const Enrolment enrolment{principal, envelope, record};
        auto done = co_await in_transaction(coordinator_, write_enrolment, enrolment, deadline);
        co_return done;
    }

    Task<Result<bool>> change(const SecondFactorChange& change, Deadline deadline) override {
        auto done = co_await in_transaction(coordinator_, write_change, change, deadline);
        co_return done;
    }

  private:
    Pool& coordinator_;
};

}  // namespace

Task<Result<bool>> use_second_factor(Session& session, const PrincipalId& principal,
                                     const std::optional<SecondFactorUse>& use, Deadline deadline) {
    Parameters parameters = of(principal);
    if (!use) {
        auto found = co_await gives_a_row(session, kNone, std::move(parameters), deadline);
        if (!found) {
            co_return found;
        }
        co_return !*found;
    }
    parameters.add(hex_of(use->envelope));
    if (use->step) {
        parameters.add(*use->step);
        auto used = co_await gives_a_row(session, kUseStep, std::move(parameters), deadline);
        co_return used;
    }
    if (!use->recovery_code) {
        co_return false;
    }
    parameters.add(crypto::to_hex(*use->recovery_code));
    auto used = co_await gives_a_row(session, kUseRecoveryCode, std::move(parameters), deadline);
    co_return used;
}

std::unique_ptr<SecondFactorStore> make_postgres_second_factor_store(Pool& coordinator) {
    return std::make_unique<PostgresSecondFactorStore>(coordinator);
}

}  // namespace pgmind::security
