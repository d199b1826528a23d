#include "integration/adapters/rest/route.hpp"

namespace pgmind::integration::rest {

std::string Call::parameter(std::string_view name) const {
    for (const auto& [parameter_name, value] : parameters) {
        if (parameter_name == name) {
            return value;
        }
    }
    return {};
}

Task<Result<void>> Call::record(std::string outcome) {
    if (recorded) {
        co_return Result<void>();
    }
    recorded = true;
    auto written = co_await services.gate.record(context, admission, std::move(outcome));
    co_return written;
}

Reply json_reply(std::string body) {
    Reply reply;
    reply.body = std::move(body);
    return reply;
}

Result<Reply> empty_reply(const Result<void>& done) {
    if (!done) {
        return fail(done.error());
    }
    Reply reply;
    reply.status = 204;
    reply.content_type.clear();
    return reply;
}

Reply problem_reply(const Problem& problem, const RequestId& request_id) {
    http::Response response = to_response(problem, request_id);
    Reply reply;
    reply.status = response.status;
    reply.headers = std::move(response.headers);
    reply.content_type.clear();  // among the headers already
    reply.body = std::move(response.body);
    reply.outcome = problem.name;
    return reply;
}

}  // namespace pgmind::integration::rest
