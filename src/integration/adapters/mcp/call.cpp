#include "integration/adapters/mcp/call.hpp"

#include <utility>

#include "platform/json/writer.hpp"

namespace pgmind::integration::mcp {

Call::Call(Executor loop, const Services& services, ChangeHub& changes, Parts parts)
    : services_(services), changes_(changes), parts_(std::move(parts)), over_notifier_(loop) {
    if (!parts_.message.params) {
        parts_.message.params.emplace();
    }
}

const ClientCapabilities& Call::capabilities() const {
    return parts_.session ? parts_.session->capabilities() : parts_.message.meta.capabilities;
}

void Call::report_progress(double progress, std::optional<double> total, std::string_view text) {
    if (!wants_progress() || (progress_ && progress <= *progress_)) {
        return;
    }
    progress_ = progress;
    std::string params;
    json::ObjectWriter object(params);
    object.raw("progressToken", parts_.message.meta.progress_token).number("progress", progress);
    if (total) {
        object.number("total", *total);
    }
    if (!text.empty()) {
        object.string("message", text);
    }
    object.end();
    notify("notifications/progress", params);
}

std::optional<LogLevel> Call::log_level() const {
    return parts_.session ? parts_.session->log_level : parts_.message.meta.log_level;
}

void Call::log(LogLevel level, std::string_view logger, std::string_view data) {
    const auto wanted = log_level();
    if (!wanted || level < *wanted) {
        return;
    }
    std::string params;
    json::ObjectWriter(params)
        .string("level", text_of(level))
        .string("logger", logger)
        .raw("data", data)
        .end();
    notify("notifications/message", params);
}

void Call::notify(std::string_view method, std::string_view params) {
    if (can_notify()) {
        parts_.reply->send(notification_message(method, params));
    }
}

Task<Result<std::string>> Call::ask_client(std::string method, std::string params) {
    const std::shared_ptr<Session> session = parts_.session;
    if (!session || over_ || !parts_.reply->can_send()) {
        co_return fail(BaseErrc::unavailable, "the client cannot be asked on this connection");
    }
    const std::string id = session->begin_client_call();
    parts_.reply->send(request_message(id, method, params));
    auto answer = co_await session->client_answer(id, parts_.context.deadline);
    if (!answer) {
        co_return fail(BaseErrc::deadline_exceeded, "the client did not answer " + method);
    }
    if (answer->result.empty()) {
        co_return fail(BaseErrc::unavailable,
                       "the client refused " + method + ": " + answer->error);
    }
    co_return std::move(answer->result);
}

void Call::cancel() {
    cancelled_ = true;
    if (!over_) {
        over_ = true;
        parts_.reply->drop();
        over_notifier_.notify_all();
    }
}

Task<bool> Call::wait_until_over(Deadline deadline) {
    bool in_time = true;
    while (!over_ && in_time) {
        in_time = co_await over_notifier_.wait_until(deadline);
    }
    co_return over_;
}

void Call::finish(Answer answer) {
    if (!over_) {
        over_ = true;
        parts_.reply->finish(std::move(answer));
        over_notifier_.notify_all();
    }
}

}  // namespace pgmind::integration::mcp
