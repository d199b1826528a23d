#include "integration/adapters/rest/rest_handler.hpp"

#include <charconv>
#include <utility>

#include "integration/adapters/common_headers.hpp"
#include "integration/adapters/rest/query.hpp"
#include "integration/adapters/rest/rest_metrics.hpp"
#include "integration/adapters/rest/router.hpp"
#include "integration/adapters/rest/routes.hpp"
#include "integration/api/events.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::integration {
namespace rest {
namespace {

using Subject = Permission::Subject;

bool is_loopback(std::string_view address) {
    if (address.starts_with("::ffff:")) {
        address.remove_prefix(7);
    }
    return address == "::1" || address.starts_with("127.");
}

bool was_forwarded(const http::Headers& headers) {
    return headers.find("Forwarded") || headers.find("X-Forwarded-For") || headers.find("Via");
}

Result<std::chrono::seconds> read_timeout(const Call& call, const Route& route) {
    const auto text = call.header("Request-Timeout");
    if (!text) {
        return route.timeout_default;
    }
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || seconds < 1 ||
        seconds > route.timeout_max.count()) {
        return fail(invalid_argument("Request-Timeout",
                                     "must be whole seconds from 1 to " +
                                         std::to_string(route.timeout_max.count()) + " here"));
    }
    return std::chrono::seconds(seconds);
}

bool is_media_type(std::string_view header, std::string_view wanted) {
    const std::string_view type = header.substr(0, header.find(';'));
    const std::size_t end = type.find_last_not_of(" \t");
    return http::equals_ignoring_case(type.substr(0, end + 1), wanted);
}

Result<void> check_media_type(const Call& call, BodyForm form) {
    const auto type = call.header("Content-Type");
    if (form == BodyForm::none || (!type && form == BodyForm::optional_json)) {
        return {};  // an optional body without a type must turn out to be empty
    }
    if (form == BodyForm::ndjson) {
        if (type && (is_media_type(*type, "application/x-ndjson") ||
                     is_media_type(*type, "application/jsonl"))) {
            return {};
        }
        return fail(Errc::unsupported_media_type, "the body must be application/x-ndjson",
                    "Content-Type");
    }
    if (type && is_media_type(*type, "application/json")) {
        return {};
    }
    return fail(Errc::unsupported_media_type, "the body must be application/json", "Content-Type");
}

/// Takes a request from its head to its answer: the one place for request ids, deadlines, keys,
/// permissions, audit, events, metrics and the shape of errors. Of one worker.
class Dispatcher {
  public:
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;
    explicit Dispatcher(RestDependencies dependencies)
        : options_(std::move(dependencies.options)),
          bus_(dependencies.bus),
          gate_(dependencies.security),
          services_{dependencies.memory,  dependencies.intelligence,
                    dependencies.cluster, gate_,
                    dependencies.metrics, dependencies.traces,
                    options_.version,     options_.encryption,
                    options_.rotation},
          router_(kRoutes),
          metrics_(dependencies.metrics, kRoutes) {}

    Task<void> serve(http::Exchange& exchange);

  private:
    Task<Reply> answer(Call& call, const RouteMatch& match);
    Task<Result<Reply>> pass(Call& call, const Route& route);
    Task<Result<Reply>> perform(Call& call, const Route& route);
    Task<Result<void>> admit(Call& call, const Route& route);
    Task<Result<void>> read_body(Call& call, const Route& route);
    bool needs_key(const Call& call, const Route& route) const;
    Reply no_route(const Call& call, const RouteMatch& match) const;
    Reply refused(const Call& call, const Error& error) const;

    RestOptions options_;
    async::EventBus& bus_;
    AccessGate gate_;
    Services services_;
    Router router_;
    RestMetrics metrics_;
};

RequestContext make_context(const http::RequestHead& head) {
    RequestContext context;
    const auto given = head.headers.find("X-Request-Id");
    context.request_id =
        given && is_uuid(*given) ? RequestId(std::string(*given)) : new_request_id();
    context.protocol = "rest";
    context.remote_address = head.remote_address;
    return context;
}

http::Response to_http(Reply reply, const RequestId& request_id, bool secure) {
    http::Response response;
    response.status = reply.status;
    response.headers = std::move(reply.headers);
    response.body = std::move(reply.body);
    if (!reply.content_type.empty()) {
        response.headers.add("Content-Type", std::move(reply.content_type));
    }
    add_common_headers(response.headers, request_id, secure);
    return response;
}

Task<void> Dispatcher::serve(http::Exchange& exchange) {
    const SteadyTime begun = std::chrono::steady_clock::now();
    Call call(exchange, services_);
    call.context = make_context(exchange.head());
    RouteMatch match = router_.match(exchange.head().method, exchange.head().segments);
    call.parameters = std::move(match.parameters);
    Reply reply;
    try {
        reply = co_await answer(call, match);
    } catch (const std::exception& thrown) {
        log::error("a request met a bug", {{"request_id", call.context.request_id.value()},
                                           {"path", exchange.head().path},
                                           {"error", thrown.what()}});
        reply = problem_reply(problem_of(Error(BaseErrc::internal, "")), call.context.request_id);
        reply.sent = exchange.started();
    }
    const unsigned status = reply.status;
    if (!reply.sent) {
        http::Response response =
            to_http(std::move(reply), call.context.request_id, call.head().secure);
        add_rate_fields(response.headers, call.passage);
        auto sent = co_await exchange.respond(std::move(response));
        if (!sent) {
            log::debug(
                "an answer was not delivered",
                {{"request_id", call.context.request_id.value()}, {"error", sent.error().detail}});
        }
    }
    const std::string_view path = match.route == nullptr ? "none" : match.route->path;
    bus_.publish(call.context,
                 ApiEndpointCalled{exchange.head().method + " " + std::string(path), status});
    const std::size_t row = match.route == nullptr ? kRoutes.size() : match.index;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    metrics_.count(row, status, taken.count());
}

Task<Reply> Dispatcher::answer(Call& call, const RouteMatch& match) {
    const bool host_optional = match.route != nullptr && match.route->host_optional;
    if (const auto permitted = options_.origins.check(call.head().headers, host_optional);
        !permitted) {
        const Error& reason = permitted.error();
        const auto recorded = co_await gate_.turned_away(call.context, reason);
        co_return refused(call, recorded ? reason : recorded.error());
    }
    if (match.route == nullptr) {
        co_return no_route(call, match);
    }
    auto reply = co_await pass(call, *match.route);
    if (!reply) {
        co_return refused(call, reply.error());
    }
    co_return std::move(*reply);
}

Reply Dispatcher::refused(const Call& call, const Error& error) const {
    if (error.is(Failure::internal)) {
        log::error("a request failed inside", {{"request_id", call.context.request_id.value()},
                                               {"path", call.head().path},
                                               {"error", error.detail},
                                               {"reason", error.reason}});
    }
    return problem_reply(problem_of(error), call.context.request_id);
}

Reply Dispatcher::no_route(const Call& call, const RouteMatch& match) const {
    if (match.allowed_methods.empty()) {
        return refused(call, Error(Errc::route_not_found, "there is nothing at this path"));
    }
    Reply reply = refused(
        call, Error(Errc::method_not_allowed, "this path answers to " + match.allowed_methods));
    reply.headers.add("Allow", match.allowed_methods);
    return reply;
}

bool Dispatcher::needs_key(const Call& call, const Route& route) const {
    switch (route.permission.subject()) {
        case Subject::anybody:
            return false;
        case Subject::one_thing_or_here:
            return !options_.metrics_open_on_loopback || !is_loopback(call.head().remote_address) ||
                   was_forwarded(call.head().headers);
        case Subject::any_caller:
        case Subject::one_thing:
        case Subject::one_namespace:
        case Subject::namespaces:
            break;
    }
    return true;
}

// Who calls, then whether they may; only where the body names namespaces is it read in between.
Task<Result<void>> Dispatcher::admit(Call& call, const Route& route) {
    security::Credentials credentials = credentials_of(call.head());
    auto principal =
        co_await gate_.authenticate(call.context, std::move(credentials), call.passage);
    if (!principal) {
        co_return fail(std::move(principal.error()));
    }
    std::vector<std::string> namespaces;
    if (route.namespaces_of != nullptr) {
        auto read = co_await read_body(call, route);
        if (!read) {
            co_return read;
        }
        auto named = route.namespaces_of(call);
        if (!named) {
            co_return fail(std::move(named.error()));
        }
        namespaces = std::move(*named);
    } else if (std::string name = call.parameter("namespace"); !name.empty()) {
        namespaces.push_back(std::move(name));
    }
    auto admission = co_await gate_.authorize(call.context, std::move(*principal), route.permission,
                                              std::move(namespaces));
    if (!admission) {
        co_return fail(std::move(admission.error()));
    }
    call.admission = std::move(*admission);
    co_return Result<void>();
}

Task<Result<Reply>> Dispatcher::pass(Call& call, const Route& route) {
    const auto timeout = read_timeout(call, route);
    if (!timeout) {
        co_return fail(timeout.error());
    }
    call.context.deadline = Deadline::after(*timeout);
    if (!needs_key(call, route)) {
        auto reply = co_await perform(call, route);
        co_return reply;
    }
    auto admitted = co_await admit(call, route);
    if (!admitted) {
        co_return fail(std::move(admitted.error()));
    }
    auto reply = co_await perform(call, route);
    std::string outcome = reply ? reply->outcome : std::string(name_of(reply.error().failure()));
    auto recorded = co_await call.record(std::move(outcome));
    if (!recorded && !(reply && reply->sent)) {
        co_return fail(std::move(recorded.error()));
    }
    co_return reply;
}

Task<Result<Reply>> Dispatcher::perform(Call& call, const Route& route) {
    if (auto known = check_query(call.head(), route.query); !known) {
        co_return fail(std::move(known.error()));
    }
    const bool reads_body =
        route.body.form == BodyForm::json || route.body.form == BodyForm::optional_json;
    if (reads_body && !call.body) {
        auto read = co_await read_body(call, route);
        if (!read) {
            co_return fail(std::move(read.error()));
        }
    }
    if (route.body.form == BodyForm::ndjson) {
        if (auto fits = check_media_type(call, route.body.form); !fits) {
            co_return fail(std::move(fits.error()));
        }
    }
    auto reply = co_await route.handle(call);
    co_return reply;
}

Task<Result<void>> Dispatcher::read_body(Call& call, const Route& route) {
    if (auto fits = check_media_type(call, route.body.form); !fits) {
        co_return fits;
    }
    auto body = co_await call.exchange.read_body(route.body.bytes_max);
    if (!body) {
        co_return fail(std::move(body.error()));
    }
    call.body_text = std::move(*body);
    if (route.body.form == BodyForm::optional_json && call.body_text.empty()) {
        call.body_text = "{}";
    } else if (!call.header("Content-Type")) {
        co_return fail(Errc::unsupported_media_type, "the body must be application/json",
                       "Content-Type");
    }
    auto object = json::parse_object(call.body_text, {route.body.bytes_max, 64});
    if (!object) {
        co_return fail(std::move(object.error()));
    }
    call.body = std::move(*object);
    co_return Result<void>();
}

}  // namespace
}  // namespace rest

http::Handler make_rest_handler(RestDependencies dependencies) {
    auto dispatcher = std::make_shared<rest::Dispatcher>(std::move(dependencies));
    return [dispatcher](http::Exchange& exchange) { return dispatcher->serve(exchange); };
}

}  // namespace pgmind::integration
