#include "integration/adapters/rest/grant_json.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/query.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

Result<security::ExplainRequest> read_question(const Call& call) {
    security::ExplainRequest question;
    question.principal_name = query_text(call, "principal");
    if (question.principal_name.empty()) {
        return fail(invalid_argument("principal", "is required"));
    }
    const auto action = security::parse_action(query_text(call, "action"));
    if (!action) {
        return fail(action.error());
    }
    question.action = *action;
    auto resource = security::parse_resource(query_text(call, "resource"));
    if (!resource) {
        return fail(std::move(resource.error()));
    }
    question.resource = std::move(*resource);
    return question;
}

}  // namespace

Task<Result<Reply>> explain_access(Call& call) {
    const auto question = read_question(call);
    if (!question) {
        co_return fail(question.error());
    }
    const auto explanation = call.services.gate.security().explain(*question);
    if (!explanation) {
        co_return fail(explanation.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("principal", question->principal_name)
        .string("action", name_of(question->action))
        .string("resource", text_of(question->resource))
        .string("decision", explanation->allowed ? "allow" : "deny")
        .string("reason", explanation->reason)
        .number("directory_revision", explanation->directory_revision)
        .name("grants");
    json::append_array(body, explanation->grants, [&body](const security::GrantVerdict& verdict) {
        json::ObjectWriter row(body);
        row.name("grant");
        append_grant(body, verdict.grant);
        row.string("verdict", verdict.verdict).boolean("decided", verdict.decided);
        row.end();
    });
    object.end();
    co_return json_reply(std::move(body));
}

}  // namespace pgmind::integration::rest
