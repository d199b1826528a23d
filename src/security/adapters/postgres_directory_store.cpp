#include "security/adapters/postgres_directory_store.hpp"

#include <unordered_map>

#include "platform/crypto/crypto.hpp"
#include "security/adapters/postgres_audit_store.hpp"
#include "security/adapters/postgres_changes.hpp"
#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Rows;
using postgres::Session;
using postgres::Statement;

constexpr Statement kRevision = {
    "security_revision", "SELECT number, token, pg_is_in_recovery() FROM pgmind.security_version",
    Effect::read};
constexpr Statement kPrincipals = {
    "security_principals",
    "SELECT principal_id, name, kind, disabled, (extract(epoch from created_at) * 1000000)::bigint"
    " FROM pgmind.principals ORDER BY created_at, principal_id",
    Effect::read};
constexpr Statement kGrants = {
    "security_grants",
    "SELECT principal_id, role, namespace_pattern, deny, array_to_string(actions, ','),"
    " array_to_string(types, ','), (extract(epoch from expires_at) * 1000000)::bigint,"
    " requests_per_second, concurrency_max"
    " FROM pgmind.grants ORDER BY principal_id, position",
    Effect::read};
constexpr Statement kKeys = {"security_keys",
                             "SELECT key_id, principal_id, encode(hmac, 'hex'), label,"
                             " (extract(epoch from created_at) * 1000000)::bigint,"
                             " (extract(epoch from expires_at) * 1000000)::bigint,"
                             " (extract(epoch from revoked_at) * 1000000)::bigint"
                             " FROM pgmind.api_keys ORDER BY created_at, key_id",
                             Effect::read};
constexpr Statement kSqlLogins = {
    "security_sql_logins",
    "SELECT principal_id, verifier FROM pgmind.sql_logins ORDER BY principal_id", Effect::read};
constexpr Statement kLockRevision = {
    "security_lock", "SELECT pgmind.lock_security_version($1::bigint, $2::uuid)", Effect::write};

Result<DirectoryRevision> read_revision(const Rows& rows) {
    if (rows.size() != 1) {
        return fail(BaseErrc::internal, "pgmind.security_version has not exactly one row");
    }
    if (rows.boolean(0, 2)) {
        return fail(Errc::not_the_primary,
                    "the coordinator is a standby; permissions are never read from one");
    }
    return DirectoryRevision{rows.int64(0, 0), std::string(rows.text(0, 1))};
}

// "read,write" as a set; all of them for NULL. An unknown word is of a newer program.
template <class Set, class Parse>
Result<Set> read_set(std::optional<std::string_view> words, Parse parse) {
    if (!words) {
        return Set::all();
    }
    Set set;
    while (!words->empty()) {
        const std::size_t end = std::min(words->find(','), words->size());
        const auto value = parse(words->substr(0, end));
        if (!value) {
            return fail(BaseErrc::internal, "unknown action or type of a grant in the database");
        }
        set.add(*value);
        words->remove_prefix(std::min(end + 1, words->size()));
    }
    return set;
}

std::optional<std::uint32_t> read_limit(const Rows& rows, std::size_t row, std::size_t column) {
    if (rows.is_null(row, column)) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(rows.int64(row, column));
}

std::optional<std::string_view> read_words(const Rows& rows, std::size_t row, std::size_t column) {
    if (rows.is_null(row, column)) {
        return std::nullopt;
    }
    return rows.text(row, column);
}

Result<Grant> read_grant(const Rows& rows, std::size_t row) {
    const auto role = parse_role(rows.text(row, 1));
    if (!role) {
        return fail(BaseErrc::internal, "unknown role of a grant in the database");
    }
    const auto actions = read_set<ActionSet>(read_words(rows, row, 4), parse_action);
    const auto types = read_set<ResourceTypeSet>(read_words(rows, row, 5), parse_resource_type);
    if (!actions || !types) {
        return fail(actions ? types.error() : actions.error());
    }
    return Grant{
        *role,  std::string(rows.text(row, 2)), rows.boolean(row, 3),     *actions,
        *types, rows.optional_time_us(row, 6),  read_limit(rows, row, 7), read_limit(rows, row, 8)};
}

// The CHECK constraints of the tables name the same words as the enums; anything else means that
// another version of the program has been here, and is refused rather than guessed.
Result<std::vector<PrincipalDetails>> read_principals(const Rows& principals, const Rows& grants) {
    std::vector<PrincipalDetails> read;
    std::unordered_map<std::string, std::size_t> by_id;
    for (std::size_t row = 0; row < principals.size(); ++row) {
        const auto kind = parse_principal_kind(principals.text(row, 2));
        if (!kind) {
            return fail(BaseErrc::internal, "unknown kind of principal in the database");
        }
        std::string id(principals.text(row, 0));
        by_id.emplace(id, read.size());
        read.push_back({PrincipalId(std::move(id)),
                        std::string(principals.text(row, 1)),
                        *kind,
                        principals.boolean(row, 3),
                        {},
                        principals.time_us(row, 4)});
    }
    for (std::size_t row = 0; row < grants.size(); ++row) {
        auto grant = read_grant(grants, row);
        const auto owner = by_id.find(std::string(grants.text(row, 0)));
        if (!grant || owner == by_id.end()) {
            return fail(grant ? Error(BaseErrc::internal, "a grant without owner in the database")
                              : std::move(grant.error()));
        }
        read[owner->second].grants.push_back(std::move(*grant));
    }
    return read;
}

Result<std::vector<StoredApiKey>> read_keys(const Rows& rows) {
    std::vector<StoredApiKey> keys;
    keys.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        StoredApiKey key;
        key.details = {std::string(rows.text(row, 0)), PrincipalId(std::string(rows.text(row, 1))),
                       std::string(rows.text(row, 3)), rows.time_us(row, 4),
                       rows.optional_time_us(row, 5),  rows.optional_time_us(row, 6)};
        const auto digest = crypto::from_hex(rows.text(row, 2));
        if (!digest || digest->size() != key.digest.size()) {
            return fail(BaseErrc::internal, "a stored key's HMAC has not 32 bytes");
        }
        std::copy(digest->begin(), digest->end(), key.digest.begin());
        keys.push_back(std::move(key));
    }
    return keys;
}

std::vector<StoredSqlLogin> read_sql_logins(const Rows& rows) {
    std::vector<StoredSqlLogin> logins;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        logins.push_back(
            {PrincipalId(std::string(rows.text(row, 0))), std::string(rows.text(row, 1))});
    }
    return logins;
}

Task<Result<void>> command(Session& session, std::string sql, Deadline deadline) {
    const auto rows = co_await session.query(std::move(sql), Parameters(), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

// Inside a transaction that sees one moment.
Task<Result<DirectoryContents>> read_contents(Session& session, Deadline deadline) {
    const auto revision_rows = co_await session.execute(kRevision, Parameters(), deadline);
    if (!revision_rows) {
        co_return fail(revision_rows.error());
    }
    auto revision = read_revision(*revision_rows);
    if (!revision) {
        co_return fail(std::move(revision.error()));
    }
    const auto principal_rows = co_await session.execute(kPrincipals, Parameters(), deadline);
    if (!principal_rows) {
        co_return fail(principal_rows.error());
    }
    const auto grant_rows = co_await session.execute(kGrants, Parameters(), deadline);
    if (!grant_rows) {
        co_return fail(grant_rows.error());
    }
    const auto key_rows = co_await session.execute(kKeys, Parameters(), deadline);
    if (!key_rows) {
        co_return fail(key_rows.error());
    }
    const auto login_rows = co_await session.execute(kSqlLogins, Parameters(), deadline);
    if (!login_rows) {
        co_return fail(login_rows.error());
    }
    auto principals = read_principals(*principal_rows, *grant_rows);
    if (!principals) {
        co_return fail(std::move(principals.error()));
    }
    auto keys = read_keys(*key_rows);
    if (!keys) {
        co_return fail(std::move(keys.error()));
    }
    co_return DirectoryContents{std::move(*revision), std::move(*principals), std::move(*keys),
                                read_sql_logins(*login_rows)};
}

// Inside a transaction. False when the revision is not the expected one any more.
Task<Result<bool>> write_changes(Session& session, const std::vector<Change>& changes,
                                 const std::vector<AuditRecord>& records,
                                 const DirectoryRevision& expected, Deadline deadline) {
    Parameters parameters;
    parameters.add(expected.number).add(expected.token);
    const auto locked = co_await session.execute(kLockRevision, std::move(parameters), deadline);
    if (!locked) {
        co_return fail(locked.error());
    }
    if (!locked->boolean(0, 0)) {
        co_return false;
    }
    for (const Change& change : changes) {
        const auto written = co_await write_change(session, change, deadline);
        if (!written) {
            co_return fail(written.error());
        }
    }
    const auto audited = co_await insert_audit_records(session, records, deadline);
    if (!audited) {
        co_return fail(audited.error());
    }
    co_return true;
}

class PostgresDirectoryStore final : public DirectoryStore {
  public:
    explicit PostgresDirectoryStore(Pool& coordinator) : coordinator_(coordinator) {}

    Task<Result<DirectoryRevision>> revision(Deadline deadline) override {
        const auto rows = co_await coordinator_.execute(kRevision, Parameters(), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return read_revision(*rows);
    }

    Task<Result<DirectoryContents>> load(Deadline deadline) override {
        auto session = co_await coordinator_.session(deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        const std::string begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        const auto begun = co_await command(*session, begin, deadline);
        if (!begun) {
            co_return fail(begun.error());
        }
        auto contents = co_await read_contents(*session, deadline);
        if (!contents) {
            co_return contents;  // The pool closes a connection with an open transaction.
        }
        const auto ended = co_await command(*session, "COMMIT", deadline);
        if (!ended) {
            co_return fail(ended.error());
        }
        co_return contents;
    }

    Task<Result<bool>> store(const std::vector<Change>& changes,
                             const std::vector<AuditRecord>& records,
                             const DirectoryRevision& expected, Deadline deadline) override {
        auto session = co_await coordinator_.session(deadline);
        if (!session) {
            co_return fail(std::move(session.error()));
        }
        const auto begun = co_await command(*session, "BEGIN", deadline);
        if (!begun) {
            co_return fail(begun.error());
        }
        auto written = co_await write_changes(*session, changes, records, expected, deadline);
        if (!written) {
            co_return written;  // As above: closing it rolls back.
        }
        const std::string end = *written ? "COMMIT" : "ROLLBACK";
        const auto ended = co_await command(*session, end, deadline);
        if (!ended) {
            co_return fail(ended.error());
        }
        co_return written;
    }

  private:
    Pool& coordinator_;
};

}  // namespace

std::unique_ptr<DirectoryStore> make_postgres_directory_store(Pool& coordinator) {
    return std::make_unique<PostgresDirectoryStore>(coordinator);
}

}  // namespace pgmind::security
