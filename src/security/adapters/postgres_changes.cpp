#include "security/adapters/postgres_changes.hpp"

#include "platform/crypto/crypto.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Session;
using postgres::Statement;

constexpr Statement kInsertPrincipal = {
    "security_insert_principal",
    "INSERT INTO pgmind.principals (principal_id, name, kind, created_at) VALUES"
    " ($1::uuid, $2, $3, timestamptz 'epoch' + $4::bigint * interval '1 microsecond')",
    Effect::write};
constexpr Statement kDisablePrincipal = {
    "security_disable_principal",
    "UPDATE pgmind.principals SET disabled = true WHERE principal_id = $1::uuid", Effect::write};
constexpr Statement kDeleteGrants = {"security_delete_grants",
                                     "DELETE FROM pgmind.grants WHERE principal_id = $1::uuid",
                                     Effect::write};
constexpr Statement kInsertGrants = {
    "security_insert_grants",
    "INSERT INTO pgmind.grants (principal_id, position, role, namespace_pattern, deny, actions,"
    " types, expires_at, requests_per_second, concurrency_max)"
    " SELECT $1::uuid, g.position, g.role, g.pattern, g.deny,"
    " string_to_array(nullif(g.actions, ''), ','), string_to_array(nullif(g.types, ''), ','),"
    " timestamptz 'epoch' + nullif(g.expires_at, '')::bigint * interval '1 microsecond',"
    " nullif(g.rate, '')::integer, nullif(g.concurrency, '')::integer"
    " FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[],"
    " $8::text[], $9::text[]) WITH ORDINALITY"
    " AS g (role, pattern, deny, actions, types, expires_at, rate, concurrency, position)",
    Effect::write};
constexpr Statement kInsertKey = {
    "security_insert_key",
    "INSERT INTO pgmind.api_keys (key_id, principal_id, hmac, label, created_at, expires_at) VALUES"
    " ($1, $2::uuid, decode($3, 'hex'), $4,"
    " timestamptz 'epoch' + $5::bigint * interval '1 microsecond',"
    " timestamptz 'epoch' + $6::bigint * interval '1 microsecond')",
    Effect::write};
constexpr Statement kRevokeKey = {
    "security_revoke_key",
    "UPDATE pgmind.api_keys"
    " SET revoked_at = timestamptz 'epoch' + $2::bigint * interval '1 microsecond'"
    " WHERE key_id = $1",
    Effect::write};

constexpr Statement kEnableSql = {
    "security_enable_sql",
    "INSERT INTO pgmind.sql_logins (principal_id, verifier, enabled_at) VALUES ($1::uuid, $2,"
    " timestamptz 'epoch' + $3::bigint * interval '1 microsecond')"
    " ON CONFLICT (principal_id) DO UPDATE SET verifier = excluded.verifier,"
    " enabled_at = excluded.enabled_at",
    Effect::write};
constexpr Statement kDisableSql = {"security_disable_sql",
                                   "DELETE FROM pgmind.sql_logins WHERE principal_id = $1::uuid",
                                   Effect::write};

std::int64_t microseconds(WallTime time) {
    return time.time_since_epoch().count();
}

Task<Result<void>> execute(Session& session, const Statement& statement, Parameters parameters,
                           Deadline deadline) {
    const auto rows = co_await session.execute(statement, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

// Empty where the set is whole, which the table keeps as NULL.
template <class Set>
std::string words_of(const Set& set) {
    std::string words;
    if (set == Set::all()) {
        return words;
    }
    for (const auto value : set.values()) {
        words += (words.empty() ? "" : ",") + std::string(name_of(value));
    }
    return words;
}

std::string text_of(const std::optional<std::uint32_t>& limit) {
    return limit ? std::to_string(*limit) : "";
}

struct GrantColumns {
    std::vector<std::string> roles;
    std::vector<std::string> patterns;
    std::vector<std::string> denies;
    std::vector<std::string> actions;
    std::vector<std::string> types;
    std::vector<std::string> expiries;
    std::vector<std::string> rates;
    std::vector<std::string> concurrencies;

    void add(const Grant& grant) {
        roles.emplace_back(name_of(grant.role));
        patterns.push_back(grant.namespace_pattern);
        denies.emplace_back(grant.deny ? "true" : "false");
        actions.push_back(words_of(grant.actions));
        types.push_back(words_of(grant.types));
        expiries.push_back(grant.expires_at ? std::to_string(microseconds(*grant.expires_at)) : "");
        rates.push_back(text_of(grant.requests_per_second));
        concurrencies.push_back(text_of(grant.concurrency_max));
    }
};

Task<Result<void>> insert_grants(Session& session, const PrincipalId& principal,
                                 const std::vector<Grant>& grants, Deadline deadline) {
    GrantColumns columns;
    for (const Grant& grant : grants) {
        columns.add(grant);
    }
    Parameters parameters;
    parameters.add(principal.value()).add_array(columns.roles).add_array(columns.patterns);
    parameters.add_array(columns.denies).add_array(columns.actions).add_array(columns.types);
    parameters.add_array(columns.expiries).add_array(columns.rates);
    parameters.add_array(columns.concurrencies);
    auto written = co_await execute(session, kInsertGrants, std::move(parameters), deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const PrincipalCreated& created, Deadline deadline) {
    const PrincipalDetails& principal = created.principal;
    Parameters parameters;
    parameters.add(principal.id.value()).add(principal.name).add(name_of(principal.kind));
    parameters.add(microseconds(principal.created_at));
    auto inserted = co_await execute(session, kInsertPrincipal, std::move(parameters), deadline);
    if (!inserted) {
        co_return inserted;
    }
    auto written = co_await insert_grants(session, principal.id, principal.grants, deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const GrantsReplaced& replaced, Deadline deadline) {
    Parameters parameters;
    parameters.add(replaced.principal.value());
    auto deleted = co_await execute(session, kDeleteGrants, std::move(parameters), deadline);
    if (!deleted) {
        co_return deleted;
    }
    auto written = co_await insert_grants(session, replaced.principal, replaced.grants, deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const PrincipalDisabled& disabled, Deadline deadline) {
    Parameters parameters;
    parameters.add(disabled.principal.value());
    auto written = co_await execute(session, kDisablePrincipal, std::move(parameters), deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const ApiKeyIssued& issued, Deadline deadline) {
    const ApiKeyDetails& key = issued.key.details;
    Parameters parameters;
    parameters.add(key.key_id).add(key.principal.value()).add(crypto::to_hex(issued.key.digest));
    parameters.add(key.label).add(microseconds(key.created_at));
    std::optional<std::int64_t> expires_us;
    if (key.expires_at) {
        expires_us = microseconds(*key.expires_at);
    }
    parameters.add(expires_us);
    auto written = co_await execute(session, kInsertKey, std::move(parameters), deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const ApiKeyRevoked& revoked, Deadline deadline) {
    Parameters parameters;
    parameters.add(revoked.key_id).add(microseconds(revoked.revoked_at));
    auto written = co_await execute(session, kRevokeKey, std::move(parameters), deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const SqlLoginEnabled& enabled, Deadline deadline) {
    Parameters parameters;
    parameters.add(enabled.principal.value()).add(enabled.verifier);
    parameters.add(microseconds(enabled.enabled_at));
    auto written = co_await execute(session, kEnableSql, std::move(parameters), deadline);
    co_return written;
}

Task<Result<void>> write(Session& session, const SqlLoginDisabled& disabled, Deadline deadline) {
    Parameters parameters;
    parameters.add(disabled.principal.value());
    auto written = co_await execute(session, kDisableSql, std::move(parameters), deadline);
    co_return written;
}

}  // namespace

Task<Result<void>> write_change(Session& session, const Change& change, Deadline deadline) {
    auto work =
        std::visit([&](const auto& kind) { return write(session, kind, deadline); }, change);
    auto written = co_await std::move(work);
    co_return written;
}

}  // namespace pgmind::security
