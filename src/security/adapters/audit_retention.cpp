#include "security/adapters/audit_retention.hpp"

#include <array>

#include "platform/crypto/merkle.hpp"
#include "platform/postgres/session.hpp"
#include "security/domain/audit_leaf.hpp"

namespace pgmind::security {
namespace {

using postgres::Parameters;
using postgres::Rows;
using postgres::Session;

constexpr std::int64_t kLeavesAtOnce = 5'000;

constexpr std::array kTextColumns = {
    &AuditRecord::request_id, &AuditRecord::principal_id,   &AuditRecord::principal_name,
    &AuditRecord::action,     &AuditRecord::resource_type,  &AuditRecord::resource,
    &AuditRecord::decision,   &AuditRecord::outcome,        &AuditRecord::reason,
    &AuditRecord::protocol,   &AuditRecord::remote_address, &AuditRecord::change_id};

Task<Result<Rows>> ask(Session& session, std::string sql, Parameters parameters,
                       Deadline deadline) {
    auto rows = co_await session.query(std::move(sql), std::move(parameters), deadline);
    co_return rows;
}

// The months to drop, oldest first.
Task<Result<std::vector<std::string>>> months_before(Session& session, std::string month,
                                                     Deadline deadline) {
    Parameters parameters;
    parameters.add(month);
    const auto rows = co_await ask(
        session,
        "SELECT substr(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'pgmind_audit.leaves'::regclass"
        " AND c.relname ~ '^leaves_[0-9]{4}_[0-9]{2}$' AND substr(c.relname, 8) < $1"
        " AND substr(c.relname, 8) < to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') ORDER BY 1",
        std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    std::vector<std::string> months;
    for (std::size_t row = 0; row < rows->size(); ++row) {
        months.emplace_back(rows->text(row, 0));
    }
    co_return months;
}

Task<Result<crypto::MerkleFrontier>> kept_frontier(Session& session, std::string log,
                                                   Deadline deadline) {
    Parameters parameters;
    parameters.add(log);
    const auto rows = co_await ask(session,
                                   "SELECT r.size, h FROM pgmind_audit.retained r,"
                                   " unnest(r.frontier) WITH ORDINALITY AS f (h, n)"
                                   " WHERE r.log_id = $1::uuid ORDER BY n",
                                   std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    std::vector<crypto::Digest> hashes(rows->size());
    for (std::size_t row = 0; row < rows->size(); ++row) {
        const auto bytes = crypto::from_hex(rows->text(row, 1));
        if (!bytes || bytes->size() != hashes[row].size()) {
            co_return fail(BaseErrc::internal, "log " + log + ": what was kept of it is damaged");
        }
        std::copy(bytes->begin(), bytes->end(), hashes[row].begin());
    }
    const std::int64_t size = rows->empty() ? 0 : rows->int64(0, 0);
    auto tree =
        crypto::MerkleFrontier::restore(static_cast<std::uint64_t>(size), std::move(hashes));
    if (!tree) {
        co_return fail(BaseErrc::internal, "log " + log + ": what was kept of it is damaged");
    }
    co_return std::move(*tree);
}

// Takes the leaves up to `end` into the tree, in order; a hole is an error, since dropping would
// hide it.
Task<Result<void>> grow(Session& session, std::string log, std::int64_t end,
                        crypto::MerkleFrontier& tree, Deadline deadline) {
    while (tree.size() < static_cast<std::uint64_t>(end)) {
        const auto first = static_cast<std::int64_t>(tree.size());
        Parameters parameters;
        parameters.add(log).add(first).add(std::min(end, first + kLeavesAtOnce));
        const auto rows = co_await ask(
            session,
            "SELECT leaf_index, (extract(epoch from occurred_at) * 1000000)::bigint, request_id,"
            " principal_id, principal_name, action, resource_type, resource, decision, outcome,"
            " reason, protocol, remote_address, change_id FROM pgmind_audit.leaves"
            " WHERE log_id = $1::uuid AND leaf_index >= $2 AND leaf_index < $3"
            " ORDER BY leaf_index",
            std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        for (std::size_t row = 0; row < rows->size(); ++row) {
            AuditRecord record;
            record.occurred_at = rows->time_us(row, 1);
            std::size_t column = 2;
            for (const auto member : kTextColumns) {
                record.*member = rows->text(row, column++);
            }
            if (rows->int64(row, 0) != static_cast<std::int64_t>(tree.size())) {
                break;
            }
            tree.add(crypto::merkle_leaf(canonical_bytes(log, tree.size(), record)));
        }
        if (static_cast<std::int64_t>(tree.size()) != std::min(end, first + kLeavesAtOnce)) {
            co_return fail(BaseErrc::internal, "log " + log + " has a gap after record " +
                                                   std::to_string(tree.size()) +
                                                   ": look at `pgmind audit verify` first");
        }
    }
    co_return Result<void>();
}

Task<Result<void>> keep_frontier(Session& session, std::string log, std::int64_t end,
                                 Deadline deadline) {
    auto tree = co_await kept_frontier(session, log, deadline);
    if (!tree) {
        co_return fail(std::move(tree.error()));
    }
    const auto grown = co_await grow(session, log, end, *tree, deadline);
    if (!grown) {
        co_return grown;
    }
    std::vector<std::string> hashes;
    for (const crypto::Digest& hash : tree->hashes()) {
        hashes.push_back(crypto::to_hex(hash));
    }
    Parameters parameters;
    parameters.add(log).add(static_cast<std::int64_t>(tree->size())).add_array(hashes);
    const auto kept =
        co_await ask(session,
                     "INSERT INTO pgmind_audit.retained (log_id, size, frontier)"
                     " VALUES ($1::uuid, $2, $3::text[]) ON CONFLICT (log_id) DO UPDATE"
                     " SET size = excluded.size, frontier = excluded.frontier, retained_at = now()",
                     std::move(parameters), deadline);
    co_return kept ? Result<void>() : fail(kept.error());
}

// Logs with records in the month: how many, and the index after the last of them.
Task<Result<void>> drop_month(Session& session, std::string month, AuditRetention& done,
                              Deadline deadline) {
    Parameters of_month;
    of_month.add(month);
    const auto logs =
        co_await ask(session,
                     "SELECT log_id, max(leaf_index) + 1, count(*) FROM pgmind_audit.leaves"
                     " WHERE tableoid = ('pgmind_audit.leaves_' || $1)::regclass GROUP BY log_id",
                     std::move(of_month), deadline);
    if (!logs) {
        co_return fail(logs.error());
    }
    for (std::size_t row = 0; row < logs->size(); ++row) {
        std::string log(logs->text(row, 0));
        const std::int64_t end = logs->int64(row, 1);
        const auto kept = co_await keep_frontier(session, std::move(log), end, deadline);
        if (!kept) {
            co_return kept;
        }
        done.records += static_cast<std::uint64_t>(logs->int64(row, 2));
        ++done.logs;
    }
    Parameters parameters;
    parameters.add(month);
    const auto dropped = co_await ask(session, "SELECT pgmind_audit.drop_month($1)",
                                      std::move(parameters), deadline);
    if (!dropped) {
        co_return fail(dropped.error());
    }
    done.months.push_back(std::move(month));
    co_return Result<void>();
}

Task<Result<void>> put_on_record(Session& session, const AuditRetention& done, Deadline deadline) {
    Parameters parameters;
    parameters.add("dropped " + std::to_string(done.records) + " records of " +
                   std::to_string(done.months.size()) + " months, up to " + done.months.back());
    const auto written = co_await ask(
        session,
        "INSERT INTO pgmind_audit.pending (occurred_at, request_id, principal_id, principal_name,"
        " action, resource_type, resource, decision, outcome, reason, protocol, remote_address)"
        " VALUES (now(), '', '', 'postgres', 'audit.retain', 'audit', '', 'allow', 'ok', $1,"
        " 'cli', '')",
        std::move(parameters), deadline);
    co_return written ? Result<void>() : fail(written.error());
}

Task<Result<AuditRetention>> drop_months(Session& session, std::string month, Deadline deadline) {
    AuditRetention done;
    auto months = co_await months_before(session, std::move(month), deadline);
    if (!months) {
        co_return fail(std::move(months.error()));
    }
    for (std::string& each : *months) {
        const auto dropped = co_await drop_month(session, std::move(each), done, deadline);
        if (!dropped) {
            co_return fail(dropped.error());
        }
    }
    if (!done.months.empty()) {
        const auto written = co_await put_on_record(session, done, deadline);
        if (!written) {
            co_return fail(written.error());
        }
    }
    co_return done;
}

bool is_month(std::string_view text) {
    const auto digits = [text](std::size_t from, std::size_t count) {
        return text.substr(from, count).find_first_not_of("0123456789") == std::string_view::npos;
    };
    return text.size() == 7 && text[4] == '_' && digits(0, 4) && digits(5, 2) &&
           text.substr(5) >= "01" && text.substr(5) <= "12";
}

}  // namespace

Task<Result<AuditRetention>> drop_audit_before(postgres::ConnectionOptions superuser,
                                               std::string month, Deadline deadline) {
    if (!is_month(month)) {
        co_return fail(invalid_argument("before", "a month is written like 2025_03"));
    }
    auto session = co_await Session::connect(std::move(superuser), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    // Gateways wait while a partition goes: not for long, and not for a queue behind a reader.
    auto begun = co_await session->script("BEGIN; SET LOCAL lock_timeout = '5s'", deadline);
    if (!begun) {
        co_return fail(std::move(begun.error()));
    }
    auto done = co_await drop_months(*session, std::move(month), deadline);
    std::string end = done ? "COMMIT" : "ROLLBACK";
    auto ended = co_await session->script(std::move(end), deadline);
    if (done && !ended) {
        co_return fail(std::move(ended.error()));
    }
    co_return done;
}

}  // namespace pgmind::security
