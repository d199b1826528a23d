#include "integration/adapters/rest/handlers.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {

Task<Result<Reply>> enable_sql(Call& call) {
    const std::string name = call.parameter("name");
    const auto enabled = co_await call.services.gate.security().enable_sql(call.context, name);
    if (!enabled) {
        co_return fail(enabled.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("login", enabled->login).string("password", enabled->password);
    object.end();
    Reply reply = json_reply(std::move(body));
    reply.status = 201;
    co_return reply;
}

Task<Result<Reply>> disable_sql(Call& call) {
    const std::string name = call.parameter("name");
    const auto disabled = co_await call.services.gate.security().disable_sql(call.context, name);
    if (!disabled) {
        co_return fail(disabled.error());
    }
    Reply reply;
    reply.status = 204;
    reply.content_type.clear();
    co_return reply;
}

}  // namespace pgmind::integration::rest
