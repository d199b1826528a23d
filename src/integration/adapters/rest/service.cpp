#include <span>

#include "base/embedded_file.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "platform/json/writer.hpp"

namespace pgmind {
std::span<const EmbeddedFile> embedded_rest_documents();
}

namespace pgmind::integration::rest {
namespace {

std::string_view document(std::string_view name) {
    for (const EmbeddedFile& file : embedded_rest_documents()) {
        if (file.name == name) {
            return file.content;
        }
    }
    return {};
}

}  // namespace

Task<Result<Reply>> landing_page(Call& call) {
    if (call.header("Accept").value_or("").find("text/html") != std::string_view::npos) {
        Reply page;
        page.content_type = "text/html; charset=utf-8";
        page.body = document("landing.html");
        co_return page;
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("name", "pgmind")
        .string("description", "A distributed PostgreSQL memory for AI agents")
        .string("version", call.services.version)
        .string("rest", "/api/v1")
        .string("openapi", "/api/v1/openapi.json")
        .string("mcp", "/mcp")
        .string("health", "/healthz")
        .string("readiness", "/readyz");
    object.end();
    co_return json_reply(std::move(body));
}

Task<Result<Reply>> openapi_document(Call&) {
    co_return json_reply(std::string(document("openapi.json")));
}

Task<Result<Reply>> alive(Call&) {
    co_return json_reply(R"({"status":"alive"})");
}

Task<Result<Reply>> ready(Call& call) {
    const std::string reason = call.exchange.draining() ? "the gateway is shutting down"
                                                        : call.services.cluster.not_ready_reason();
    if (reason.empty()) {
        co_return json_reply(R"({"status":"ready"})");
    }
    co_return fail(BaseErrc::unavailable, reason);
}

Task<Result<Reply>> scrape_metrics(Call& call) {
    Reply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = call.services.metrics.render();
    co_return reply;
}

}  // namespace pgmind::integration::rest
