#include <charconv>

#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/grant_json.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/query.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

using json::ObjectWriter;

constexpr std::size_t kAuditRecordsMax = 1000;

void append_audit_record(std::string& out, const security::AuditRecord& record) {
    ObjectWriter object(out);
    object.number("sequence", record.sequence)
        .string("occurred_at", format_time(record.occurred_at))
        .string("request_id", record.request_id)
        .string("principal_id", record.principal_id)
        .string("principal_name", record.principal_name)
        .string("action", record.action)
        .string("resource_type", record.resource_type)
        .string("resource", record.resource)
        .string("decision", record.decision)
        .string("outcome", record.outcome)
        .string("reason", record.reason)
        .string("protocol", record.protocol)
        .string("remote_address", record.remote_address);
    object.end();
}

void append_trace_event(std::string& out, const TraceEvent& event) {
    ObjectWriter object(out);
    object.string("name", event.name)
        .string("context", event.context)
        .number("offset_us", event.offset_us)
        .name("attributes");
    ObjectWriter attributes(out);
    for (const auto& [name, value] : event.attributes) {
        attributes.string(name, value);
    }
    attributes.end();
    object.end();
}

Result<std::int64_t> read_before(const Call& call) {
    const auto text = call.query("before");
    std::int64_t before = 0;
    if (!text) {
        return before;
    }
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), before);
    if (error != std::errc() || end != text->data() + text->size() || before < 1) {
        return fail(invalid_argument("before", "must be a positive sequence number"));
    }
    return before;
}

}  // namespace

Task<Result<Reply>> who_am_i(Call& call) {
    const security::Principal& principal = *call.admission.principal;
    std::string body;
    ObjectWriter object(body);
    object.string("id", principal.id.value())
        .string("name", principal.name)
        .string("kind", name_of(principal.kind))
        .string("key_id", principal.key_id)
        .string("session_id", principal.session_id)
        .name("grants");
    append_grants(body, principal.grants);
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> cluster_status(Call& call) {
    std::string body;
    const auto indexes = call.services.intelligence.vector_indexes();
    append_cluster_status(body, call.services.cluster.status(), &indexes);
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> statistics(Call& call) {
    const cluster::ClusterStatus status = call.services.cluster.status();
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
    std::int64_t shards = 0;
    std::int64_t healthy = 0;
    for (const cluster::NodeStatus& node : status.nodes) {
        entries += node.entries;
        bytes += node.bytes;
        shards += node.role == "shard" ? 1 : 0;
        healthy += node.healthy ? 1 : 0;
    }
    std::string body;
    ObjectWriter object(body);
    object.string("product_version", status.product_version)
        .string("engine", status.engine)
        .boolean("ready", status.ready)
        .number("shards", shards)
        .number("nodes", static_cast<std::int64_t>(status.nodes.size()))
        .number("nodes_healthy", healthy)
        .number("entries_estimate", entries)
        .number("bytes", bytes)
        .boolean("can_embed", call.services.intelligence.can_embed());
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> query_audit(Call& call) {
    security::AuditQuery query;
    query.principal_name = query_text(call, "principal");
    query.resource = query_text(call, "resource");
    query.decision = query_text(call, "decision");
    query.request_id = query_text(call, "request_id");
    if (!query.decision.empty() && query.decision != "allow" && query.decision != "deny") {
        co_return fail(invalid_argument("decision", "must be allow or deny"));
    }
    const auto limit = query_limit(call, query.limit, kAuditRecordsMax);
    if (!limit) {
        co_return fail(limit.error());
    }
    query.limit = *limit;
    const auto before = read_before(call);
    if (!before) {
        co_return fail(before.error());
    }
    query.before_sequence = *before;
    const auto records =
        co_await call.services.gate.security().query_audit(call.context, std::move(query));
    if (!records) {
        co_return fail(records.error());
    }
    std::string body;
    ObjectWriter object(body);
    object.name("records");
    json::append_array(body, *records, [&body](const security::AuditRecord& record) {
        append_audit_record(body, record);
    });
    if (records->size() == *limit) {
        object.number("next_before", records->back().sequence);
    } else {
        object.null("next_before");
    }
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> get_trace(Call& call) {
    const std::string id = call.parameter("request_id");
    if (!is_uuid(id)) {
        co_return fail(invalid_argument("request_id", "must be a UUID"));
    }
    const auto trace = call.services.traces.find(RequestId(id));
    if (!trace) {
        co_return fail(Errc::route_not_found,
                       "no trace of that request is kept here (only of the newest ones)");
    }
    std::string body;
    ObjectWriter object(body);
    object.string("request_id", trace->request_id.value())
        .string("principal_id", trace->principal.value())
        .string("started_at", format_time(trace->started_at))
        .name("events");
    json::append_array(body, trace->events,
                       [&body](const TraceEvent& event) { append_trace_event(body, event); });
    object.number("events_dropped", static_cast<std::int64_t>(trace->events_dropped));
    object.end();
    co_return json_reply(std::move(body));
}

}  // namespace pgmind::integration::rest
