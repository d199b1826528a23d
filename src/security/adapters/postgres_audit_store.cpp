#include "security/adapters/postgres_audit_store.hpp"

#include <array>

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Rows;
using postgres::Statement;

// One statement, and so one transaction, for a whole batch and its checkpoint. What is there
// already (its index in its log) is left as it is, so a batch whose answer was lost may be sent
// again. The records of changes cease to be pending here and keep their place in the order of
// arrival.
constexpr Statement kAppend = {
    "audit_append",
    "WITH taken AS (DELETE FROM pgmind_audit.pending"
    " WHERE change_id::text = ANY ($15::text[]) RETURNING change_id, sequence),"
    " written AS (INSERT INTO pgmind_audit.leaves (sequence, log_id, leaf_index, occurred_at,"
    " request_id, principal_id, principal_name, action, resource_type, resource, decision, outcome,"
    " reason, protocol, remote_address, change_id)"
    " SELECT coalesce(t.sequence, nextval('pgmind_audit.arrival')), $1::uuid,"
    " $2::bigint + r.position - 2,"
    " timestamptz 'epoch' + r.occurred_us * interval '1 microsecond', r.request_id,"
    " r.principal_id, r.principal_name, r.action, r.resource_type, r.resource, r.decision,"
    " r.outcome, r.reason, r.protocol, r.remote_address, r.change_id"
    " FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],"
    " $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])"
    " WITH ORDINALITY"
    " AS r (occurred_us, request_id, principal_id, principal_name, action, resource_type,"
    " resource, decision, outcome, reason, protocol, remote_address, change_id, position)"
    " LEFT JOIN taken t ON t.change_id::text = r.change_id"
    " ORDER BY r.position"
    " ON CONFLICT (log_id, leaf_index, occurred_at) DO NOTHING)"
    " INSERT INTO pgmind_audit.checkpoints (log_id, size, root, signed_at_us, key_id, signature)"
    " VALUES ($1::uuid, $16::bigint, decode($17, 'hex'), $18::bigint, $19, decode($20, 'hex'))"
    " ON CONFLICT (log_id, size) DO NOTHING",
    Effect::idempotent_write};

constexpr Statement kInsertPending = {
    "audit_insert_pending",
    "INSERT INTO pgmind_audit.pending (occurred_at, request_id, principal_id, principal_name,"
    " action, resource_type, resource, decision, outcome, reason, protocol, remote_address)"
    " SELECT timestamptz 'epoch' + r.occurred_us * interval '1 microsecond', r.request_id,"
    " r.principal_id, r.principal_name, r.action, r.resource_type, r.resource, r.decision,"
    " r.outcome, r.reason, r.protocol, r.remote_address"
    " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
    " $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[]) WITH ORDINALITY"
    " AS r (occurred_us, request_id, principal_id, principal_name, action, resource_type,"
    " resource, decision, outcome, reason, protocol, remote_address, position)"
    " ORDER BY r.position",
    Effect::write};

constexpr Statement kClaim = {
    "audit_claim_pending",
    "WITH claimed AS (UPDATE pgmind_audit.pending SET claimed_at = now() WHERE change_id IN"
    " (SELECT change_id FROM pgmind_audit.pending"
    " WHERE claimed_at IS NULL OR claimed_at < now() - interval '30 s'"
    " ORDER BY sequence LIMIT $1::bigint FOR UPDATE SKIP LOCKED)"
    " RETURNING *)"
    " SELECT 0, (extract(epoch from occurred_at) * 1000000)::bigint, request_id, principal_id,"
    " principal_name, action, resource_type, resource, decision, outcome, reason, protocol,"
    " remote_address, change_id FROM claimed ORDER BY sequence",
    Effect::write};

constexpr Statement kMakePartitions = {
    "audit_make_partitions", "SELECT pgmind_audit.make_partitions()", Effect::idempotent_write};

// The text columns, in the order of the statement.
constexpr std::array kTextColumns = {
    &AuditRecord::request_id, &AuditRecord::principal_id,  &AuditRecord::principal_name,
    &AuditRecord::action,     &AuditRecord::resource_type, &AuditRecord::resource,
    &AuditRecord::decision,   &AuditRecord::outcome,       &AuditRecord::reason,
    &AuditRecord::protocol,   &AuditRecord::remote_address};

void add_records(Parameters& parameters, const std::vector<AuditRecord>& records) {
    std::vector<std::int64_t> times;
    times.reserve(records.size());
    for (const AuditRecord& record : records) {
        times.push_back(record.occurred_at.time_since_epoch().count());
    }
    parameters.add_array(times);
    std::vector<std::string> column(records.size());
    for (const auto member : kTextColumns) {
        for (std::size_t i = 0; i < records.size(); ++i) {
            column[i] = records[i].*member;
        }
        parameters.add_array(column);
    }
}

AuditRecord read_record(const Rows& rows, std::size_t row) {
    AuditRecord record;
    record.sequence = rows.int64(row, 0);
    record.occurred_at = rows.time_us(row, 1);
    std::size_t column = 2;
    for (const auto member : kTextColumns) {
        record.*member = rows.text(row, column++);
    }
    return record;
}

class PostgresAuditStore final : public AuditStore {
  public:
    PostgresAuditStore(Pool& for_append, Pool& for_queries, AuditSeal& seal)
        : for_append_(for_append), for_queries_(for_queries), seal_(seal) {}

    Task<Result<void>> append(const AuditBatch& batch, Deadline deadline) override {
        const auto checkpoint = seal_.seal(batch, system_clock().now());
        if (!checkpoint) {
            co_return fail(checkpoint.error());
        }
        Parameters parameters;
        parameters.add(batch.writer).add(batch.first_number);
        add_records(parameters, batch.records);
        std::vector<std::string> changes;
        changes.reserve(batch.records.size());
        for (const AuditRecord& record : batch.records) {
            changes.push_back(record.change_id);
        }
        parameters.add_array(changes).add(static_cast<std::int64_t>(checkpoint->size));
        parameters.add(checkpoint->root).add(checkpoint->signed_at_us);
        parameters.add(checkpoint->key_id).add(checkpoint->signature);
        const auto rows = co_await for_append_.execute(kAppend, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        seal_.commit();
        co_return Result<void>();
    }

    Task<Result<std::vector<AuditRecord>>> query(const AuditQuery& query,
                                                 Deadline deadline) override {
        Parameters parameters;
        std::string sql = select(query, parameters);
        const auto rows = co_await for_queries_.query(std::move(sql), Effect::read,
                                                      std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        std::vector<AuditRecord> records;
        records.reserve(rows->size());
        for (std::size_t row = 0; row < rows->size(); ++row) {
            records.push_back(read_record(*rows, row));
        }
        co_return records;
    }

  private:
    // Only the conditions that are asked for, so that each can use its index. Values are
    // parameters; the text is made of constants.
    static std::string select(const AuditQuery& query, Parameters& parameters) {
        std::string sql =
            "SELECT sequence, (extract(epoch from occurred_at) * 1000000)::bigint, request_id,"
            " principal_id, principal_name, action, resource_type, resource, decision, outcome,"
            " reason, protocol, remote_address FROM pgmind_audit.records WHERE true";
        const std::pair<const char*, const std::string*> conditions[] = {
            {" AND principal_name = $", &query.principal_name},
            {" AND resource = $", &query.resource},
            {" AND decision = $", &query.decision},
            {" AND request_id = $", &query.request_id}};
        for (const auto& [condition, value] : conditions) {
            if (!value->empty()) {
                parameters.add(*value);
                sql += condition;
                sql += std::to_string(parameters.size());
            }
        }
        if (query.before_sequence > 0) {
            parameters.add(query.before_sequence);
            sql += " AND sequence < $";
            sql += std::to_string(parameters.size());
        }
        parameters.add(static_cast<std::int64_t>(query.limit));
        sql += " ORDER BY sequence DESC LIMIT $";
        sql += std::to_string(parameters.size());
        return sql;
    }

    Pool& for_append_;
    Pool& for_queries_;
    AuditSeal& seal_;
};

class PostgresPendingAudit final : public PendingAudit {
  public:
    explicit PostgresPendingAudit(Pool& pool) : pool_(pool) {}

    Task<Result<std::vector<AuditRecord>>> claim(std::size_t limit, Deadline deadline) override {
        Parameters parameters;
        parameters.add(static_cast<std::int64_t>(limit));
        const auto rows = co_await pool_.execute(kClaim, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        std::vector<AuditRecord> records;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            records.push_back(read_record(*rows, row));
            records.back().change_id = rows->text(row, kTextColumns.size() + 2);
        }
        co_return records;
    }

    Task<Result<void>> make_room(Deadline deadline) override {
        const auto made = co_await pool_.execute(kMakePartitions, Parameters(), deadline);
        co_return made ? Result<void>() : fail(made.error());
    }

  private:
    Pool& pool_;
};

}  // namespace

std::unique_ptr<AuditStore> make_postgres_audit_store(Pool& for_append, Pool& for_queries,
                                                      AuditSeal& seal) {
    return std::make_unique<PostgresAuditStore>(for_append, for_queries, seal);
}

std::unique_ptr<PendingAudit> make_postgres_pending_audit(Pool& pool) {
    return std::make_unique<PostgresPendingAudit>(pool);
}

Task<Result<void>> insert_audit_records(postgres::Session& session,
                                        const std::vector<AuditRecord>& records,
                                        Deadline deadline) {
    Parameters parameters;
    add_records(parameters, records);
    const auto rows = co_await session.execute(kInsertPending, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

}  // namespace pgmind::security
