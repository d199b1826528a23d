#include "security/adapters/postgres_audit_store.hpp"

#include <array>

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Pool;
using postgres::Rows;
using postgres::Statement;

// One statement for a whole batch. A record that is there already (its number of its writer) is
// left as it is, so a batch whose answer was lost may be sent again.
constexpr Statement kAppend = {
    "audit_append",
    "INSERT INTO pgmind.audit_log (writer, writer_sequence, occurred_at, request_id, principal_id,"
    " principal_name, action, resource_type, resource, decision, outcome, reason, protocol,"
    " remote_address)"
    " SELECT $1::uuid, $2::bigint + r.position - 1,"
    " timestamptz 'epoch' + r.occurred_us * interval '1 microsecond', r.request_id,"
    " r.principal_id, r.principal_name, r.action, r.resource_type, r.resource, r.decision,"
    " r.outcome, r.reason, r.protocol, r.remote_address"
    " FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],"
    " $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]) WITH ORDINALITY"
    " AS r (occurred_us, request_id, principal_id, principal_name, action, resource_type,"
    " resource, decision, outcome, reason, protocol, remote_address, position)"
    " ORDER BY r.position"
    " ON CONFLICT (writer, writer_sequence) DO NOTHING",
    Effect::idempotent_write};

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
    PostgresAuditStore(Pool& for_append, Pool& for_queries)
        : for_append_(for_append), for_queries_(for_queries) {}

    Task<Result<void>> append(const AuditBatch& batch, Deadline deadline) override {
        Parameters parameters;
        parameters.add(batch.writer).add(batch.first_number);
        add_records(parameters, batch.records);
        const auto rows = co_await for_append_.execute(kAppend, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
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
            " reason, protocol, remote_address FROM pgmind.audit_log WHERE true";
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
};

}  // namespace

std::unique_ptr<AuditStore> make_postgres_audit_store(Pool& for_append, Pool& for_queries) {
    return std::make_unique<PostgresAuditStore>(for_append, for_queries);
}

Task<Result<void>> insert_audit_records(postgres::Session& session,
                                        const std::vector<AuditRecord>& records,
                                        Deadline deadline) {
    Parameters parameters;
    // No writer: the transaction itself keeps a record from being written twice.
    parameters.add_null().add(std::int64_t{1});
    add_records(parameters, records);
    const auto rows = co_await session.execute(kAppend, std::move(parameters), deadline);
    if (!rows) {
        co_return fail(rows.error());
    }
    co_return Result<void>();
}

}  // namespace pgmind::security
