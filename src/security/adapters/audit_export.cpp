#include "security/adapters/audit_export.hpp"

#include "platform/postgres/session.hpp"

namespace pgmind::security {
namespace {

// JSON has no control characters but as escapes, so with these as quote and delimiter the text
// comes through COPY as it is. A checkpoint of size n stands after leaf n - 1. A record of a later
// month among those that were deleted by age is left out: its proof went with its neighbours.
constexpr const char* kExport = R"(
COPY (
    SELECT line FROM (
        SELECT log_id, 0::bigint AS position, 0 AS kind, json_build_object(
            'type', 'retained', 'log_id', log_id, 'size', size, 'frontier', frontier)::text AS line
        FROM pgmind_audit.retained
        UNION ALL
        SELECT log_id, leaf_index + 1, 1, json_build_object(
            'type', 'leaf', 'log_id', log_id, 'index', leaf_index, 'occurred_at_us',
            (extract(epoch from occurred_at) * 1000000)::bigint, 'request_id', request_id,
            'principal_id', principal_id, 'principal_name', principal_name, 'action', action,
            'resource_type', resource_type, 'resource', resource, 'decision', decision,
            'outcome', outcome, 'reason', reason, 'protocol', protocol,
            'remote_address', remote_address, 'change_id', change_id)::text
        FROM pgmind_audit.leaves l WHERE leaf_index >= coalesce(
            (SELECT size FROM pgmind_audit.retained r WHERE r.log_id = l.log_id), 0)
        UNION ALL
        SELECT log_id, size, 2, json_build_object(
            'type', 'checkpoint', 'log_id', log_id, 'size', size, 'root', encode(root, 'hex'),
            'signed_at_us', signed_at_us, 'key_id', key_id,
            'signature', encode(signature, 'hex'))::text
        FROM pgmind_audit.checkpoints
        UNION ALL
        SELECT NULL, sequence, 3, json_build_object(
            'type', 'pending', 'occurred_at_us',
            (extract(epoch from occurred_at) * 1000000)::bigint, 'request_id', request_id,
            'principal_id', principal_id, 'principal_name', principal_name, 'action', action,
            'resource_type', resource_type, 'resource', resource, 'decision', decision,
            'outcome', outcome, 'reason', reason, 'protocol', protocol,
            'remote_address', remote_address)::text
        FROM pgmind_audit.records WHERE writer IS NULL
    ) lines ORDER BY log_id NULLS LAST, position, kind
) TO STDOUT WITH (FORMAT csv, QUOTE E'\x01', ESCAPE E'\x01', DELIMITER E'\x02'))";

}  // namespace

Task<Result<void>> export_audit_log(postgres::ConnectionOptions database, ExportSink sink,
                                    Deadline deadline) {
    auto session = co_await postgres::Session::connect(std::move(database), deadline);
    if (!session) {
        co_return fail(std::move(session.error()));
    }
    std::string sql(kExport);
    auto begun = co_await session->copy_out_begin(std::move(sql), deadline);
    if (!begun) {
        co_return begun;
    }
    while (true) {
        auto row = co_await session->copy_out_read(deadline);
        if (!row) {
            co_return fail(std::move(row.error()));
        }
        if (!*row) {
            co_return Result<void>();
        }
        std::string_view line = **row;
        if (line.ends_with('\n')) {
            line.remove_suffix(1);
        }
        const auto taken = sink(line);
        if (!taken) {
            co_return taken;
        }
    }
}

}  // namespace pgmind::security
