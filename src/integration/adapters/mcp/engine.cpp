#include "integration/adapters/mcp/engine.hpp"

#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include "integration/adapters/mcp/errors.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::integration::mcp {
namespace {

constexpr std::size_t kSessionIdBytes = 16;
constexpr auto kHeartbeat = std::chrono::seconds(1);
constexpr std::int64_t kCacheMilliseconds = 300'000;

std::string new_session_id(std::size_t worker) {
    std::array<std::uint8_t, kSessionIdBytes> bytes{};
    crypto::fill_random(bytes);
    return crypto::to_hex(bytes) + "-" + std::to_string(worker);
}

std::optional<std::string_view> view(const std::optional<std::string>& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

void push(Outlet& outlet, Answer answer) {
    Delivery whole;
    whole.status = answer.status;
    whole.headers = std::move(answer.headers);
    whole.body = std::move(answer.body);
    whole.outcome = answer.outcome;
    whole.required_scope = std::move(answer.required_scope);
    outlet.push(std::move(whole));
}

void refuse(Outlet& outlet, std::string_view id, const ProtocolError& error) {
    push(outlet, refusal_answer(id, error));
}

void accept(Outlet& outlet) {
    Answer accepted;
    accepted.status = 202;
    push(outlet, std::move(accepted));
}

ProtocolError unknown_method(const Message& message, Era era) {
    ProtocolError error{code::method_not_found,
                        "there is no method " + message.method.substr(0, 64)};
    error.http_status = era == Era::stateless ? 404 : 200;
    error.outcome = name_of(Failure::not_found);
    return error;
}

// A client that waits for a long call hears from it now and then, so that it goes on waiting.
Task<void> beat(std::shared_ptr<Call> call) {
    for (int beats = 1;; ++beats) {
        const Deadline next = Deadline::after(kHeartbeat);
        const bool over = co_await call->wait_until_over(next);
        if (over) {
            co_return;
        }
        call->report_progress(beats, std::nullopt, "still working");
    }
}

Task<std::optional<ProtocolError>> handle(Call& call, const Method& method, ResultBody& result) {
    try {
        auto error = co_await method.handle(call, result);
        co_return error;
    } catch (const std::exception& thrown) {
        log::error("an MCP request met a bug", {{"request_id", call.context().request_id.value()},
                                                {"method", method.name},
                                                {"error", thrown.what()}});
    }
    co_return to_protocol_error(Error(BaseErrc::internal, ""));
}

}  // namespace

std::optional<std::size_t> worker_of_session(std::string_view session_id) {
    const std::size_t dash = session_id.find('-');
    if (dash != 2 * kSessionIdBytes) {
        return std::nullopt;
    }
    const std::string_view digits = session_id.substr(dash + 1);
    std::size_t worker = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), worker);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    return whole ? std::optional(worker) : std::nullopt;
}

Answer refusal_answer(std::string_view id, const ProtocolError& error) {
    Answer answer;
    answer.status = error.http_status;
    answer.body = error_message(id, error);
    answer.outcome = error.outcome;
    answer.required_scope = error.required_scope;
    return answer;
}

ProtocolHeaders Arrival::headers() const {
    return {view(protocol_version), view(method_header), view(name_header), view(session_id)};
}

Engine::Engine(Executor loop, std::size_t worker, EngineParts parts)
    : loop_(loop),
      worker_(worker),
      catalog_(parts.options.conformance_fixtures),
      gate_(parts.security),
      services_{parts.memory,  parts.cluster, gate_,   parts.events,
                parts.metrics, parts.options, catalog_},
      changes_(std::make_shared<ChangeHub>(loop, parts.security, parts.options.listeners_max)),
      book_(parts.options.sessions),
      server_info_(server_info(parts.options)) {
    changes_->observe(parts.events, "mcp-" + std::to_string(worker));
}

Engine::~Engine() = default;

void Engine::submit(Arrival arrival, std::shared_ptr<Outlet> outlet) {
    if (arrival.era == Era::stateless) {
        serve_stateless(std::move(arrival), std::move(outlet));
    } else {
        serve_session(std::move(arrival), std::move(outlet));
    }
}

void Engine::serve_stateless(Arrival arrival, std::shared_ptr<Outlet> outlet) {
    if (arrival.incoming.batch || arrival.incoming.messages.size() != 1) {
        refuse(*outlet, "",
               {code::invalid_request, "this protocol version has no batches", {}, 400});
        return;
    }
    Message message = std::move(arrival.incoming.messages.front());
    if (const auto error = check_stateless(arrival.headers(), message.facts())) {
        refuse(*outlet, message.id, *error);
        return;
    }
    if (message.kind == MessageKind::notification) {
        accept(*outlet);
        return;
    }
    const Method* method = find_method(message.method, Era::stateless);
    if (method == nullptr) {
        refuse(*outlet, message.id, unknown_method(message, Era::stateless));
        return;
    }
    auto call = make_call(arrival, std::move(message), nullptr, make_direct_reply(outlet));
    // In this era, to close the connection is to cancel.
    const std::weak_ptr<Call> weak = call;
    outlet->when_gone(loop_, [weak] {
        if (const auto cancelled = weak.lock()) {
            cancelled->cancel();
        }
    });
    async::spawn(loop_, run(std::move(call), *method));
}

SessionState Engine::find_session(const Arrival& arrival) {
    if (!arrival.session_id) {
        return SessionState::unnamed;
    }
    const SessionOwner owner{arrival.principal->id, arrival.principal->key_id};
    const SteadyTime now = std::chrono::steady_clock::now();
    return book_.use(*arrival.session_id, owner, now) ? SessionState::known : SessionState::unknown;
}

void Engine::serve_session(Arrival arrival, std::shared_ptr<Outlet> outlet) {
    expire_sessions();
    const bool single = arrival.incoming.messages.size() == 1 && !arrival.incoming.batch;
    const MessageFacts facts = single ? arrival.incoming.messages.front().facts() : MessageFacts{};
    const std::string id = single ? arrival.incoming.messages.front().id : "";
    const auto action =
        decide_session(arrival.verb, arrival.headers(), facts, find_session(arrival));
    if (!action) {
        refuse(*outlet, id, action.error());
        return;
    }
    if (*action == SessionAction::open) {
        open_session(std::move(arrival), std::move(outlet));
        return;
    }
    const std::shared_ptr<Session> session = sessions_.at(*arrival.session_id);
    session->principal = arrival.principal;
    switch (*action) {
        case SessionAction::open:
        case SessionAction::serve:
            serve_messages(session, std::move(arrival), std::move(outlet));
            break;
        case SessionAction::listen:
            listen(session, arrival, std::move(outlet));
            break;
        case SessionAction::close: {
            end_session(session->id());
            Answer closed;
            closed.status = 204;
            push(*outlet, std::move(closed));
            break;
        }
    }
}

void Engine::open_session(Arrival arrival, std::shared_ptr<Outlet> outlet) {
    const Message& message = arrival.incoming.messages.front();
    const json::Value* version = message.params ? message.params->find("protocolVersion") : nullptr;
    if (version == nullptr || version->kind() != json::Kind::string) {
        refuse(*outlet, message.id, invalid_params("protocolVersion must be a string"));
        return;
    }
    SessionTraits traits;
    traits.id = new_session_id(worker_);
    traits.owner = {arrival.principal->id, arrival.principal->key_id};
    traits.version = negotiate_session_version(json::decode_string(*version));
    if (const json::Value* capabilities = message.params->find("capabilities")) {
        traits.capabilities = read_capabilities(*capabilities);
    }
    const auto admitted = book_.admit(traits.id, traits.owner, std::chrono::steady_clock::now());
    if (!admitted) {
        ProtocolError error{
            code::overloaded, "this server has as many sessions as it may", {}, 503};
        error.outcome = name_of(Failure::resource_exhausted);
        refuse(*outlet, message.id, error);
        return;
    }
    if (admitted->pushed_out) {
        end_session(*admitted->pushed_out);
    }
    const auto session = std::make_shared<Session>(loop_, std::move(traits));
    session->principal = arrival.principal;
    sessions_[session->id()] = session;
    changes_->add(session);

    ResultBody result;
    result.object.string("protocolVersion", session->version());
    append_introduction(result);
    result.object.raw("serverInfo", server_info_);
    result.meta.string("io.pgmind/requestId", arrival.context.request_id.value());
    result.meta.end();
    result.object.raw("_meta", result.meta_text);
    result.object.end();
    Answer answer;
    answer.headers.add("Mcp-Session-Id", session->id());
    answer.body = result_message(message.id, result.text);
    push(*outlet, std::move(answer));
    count("initialize", "ok", std::chrono::steady_clock::now());
}

void Engine::listen(const std::shared_ptr<Session>& session, const Arrival& arrival,
                    std::shared_ptr<Outlet> outlet) {
    if (!outlet->takes_streams()) {
        refuse(*outlet, "",
               {code::bad_transport, "this answer is a stream: accept text/event-stream", {}, 406});
        return;
    }
    if (!arrival.last_event_id) {
        session->listen(std::move(outlet));
        return;
    }
    const auto last = parse_event_id(*arrival.last_event_id);
    if (!last || !session->resume(*last, outlet)) {
        refuse(*outlet, "",
               {code::bad_transport,
                "the events after Last-Event-ID are not kept (any more)",
                {},
                400});
    }
}

void Engine::serve_messages(const std::shared_ptr<Session>& session, Arrival arrival,
                            std::shared_ptr<Outlet> outlet) {
    if (!arrival.incoming.batch) {
        Message message = std::move(arrival.incoming.messages.front());
        serve_message(session, arrival, std::move(message), make_session_reply(session, outlet));
        return;
    }
    if (!allows_batches(session->version())) {
        refuse(*outlet, "",
               {code::invalid_request, "this protocol version has no batches", {}, 400});
        return;
    }
    std::vector<Message> messages = std::move(arrival.incoming.messages);
    const auto batch = make_batch(std::move(outlet), messages.size());
    for (Message& message : messages) {
        serve_message(session, arrival, std::move(message), make_batch_reply(batch));
    }
}

void Engine::serve_message(const std::shared_ptr<Session>& session, const Arrival& arrival,
                           Message message, std::unique_ptr<Reply> reply) {
    if (message.kind != MessageKind::request) {
        if (message.kind == MessageKind::notification) {
            take_notification(session, message);
        } else {
            session->settle_client_call(message.id, {message.result, message.error});
        }
        Answer accepted;
        accepted.status = 202;
        reply->finish(std::move(accepted));
        return;
    }
    const Method* method = find_method(message.method, Era::sessions);
    if (method == nullptr) {
        reply->finish(refusal_answer(message.id, unknown_method(message, Era::sessions)));
        return;
    }
    if (session->calls() >= Session::kCallsMax) {
        ProtocolError error{code::overloaded, "too many requests of this session are being served"};
        error.outcome = name_of(Failure::resource_exhausted);
        reply->finish(refusal_answer(message.id, error));
        return;
    }
    const std::string id = message.id;
    auto call = make_call(arrival, std::move(message), session, std::move(reply));
    if (!session->begin_call(id, call)) {
        call->finish(refusal_answer(
            id, {code::invalid_request, "a request with this id is being served", {}, 400}));
        return;
    }
    async::spawn(loop_, run(std::move(call), *method));
}

void Engine::take_notification(const std::shared_ptr<Session>& session, const Message& message) {
    if (message.method != "notifications/cancelled" || !message.params) {
        return;
    }
    const json::Value* id = message.params->find("requestId");
    const auto call = id == nullptr ? nullptr : session->find_call(std::string(id->text()));
    if (call) {
        call->cancel();
    }
}

void Engine::end_session(const std::string& id) {
    book_.end(id);
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) {
        found->second->end();
        sessions_.erase(found);
    }
}

void Engine::expire_sessions() {
    const SteadyTime now = std::chrono::steady_clock::now();
    for (const std::string& id : book_.expire(now)) {
        const auto found = sessions_.find(id);
        if (found != sessions_.end() &&
            (found->second->has_listener() || found->second->calls() > 0)) {
            // Not idle: its client listens.
            book_.admit(id, found->second->owner(), now);
        } else {
            end_session(id);
        }
    }
}

std::shared_ptr<Call> Engine::make_call(const Arrival& arrival, Message message,
                                        std::shared_ptr<Session> session,
                                        std::unique_ptr<Reply> reply) {
    Call::Parts parts;
    parts.message = std::move(message);
    parts.context = arrival.context;
    parts.principal = arrival.principal;
    parts.era = arrival.era;
    parts.session = std::move(session);
    parts.reply = std::move(reply);
    return std::make_shared<Call>(loop_, services_, *changes_, std::move(parts));
}

Task<void> Engine::run(std::shared_ptr<Call> call, const Method& method) {
    const SteadyTime begun = std::chrono::steady_clock::now();
    if (call->wants_progress() && method.name == "tools/call") {
        async::spawn(loop_, beat(call));
    }
    ResultBody result;
    auto error = co_await handle(*call, method, result);
    if (call->session()) {
        call->session()->end_call(call->message().id);
    }
    const bool was_cancelled = call->cancelled();
    Answer answer = answer_of(*call, method, result, std::move(error));
    const std::string_view outcome = was_cancelled ? "cancelled" : answer.outcome;
    call->finish(std::move(answer));
    count(method.name, outcome, begun);
}

Answer Engine::answer_of(const Call& call, const Method& method, ResultBody& result,
                         std::optional<ProtocolError> error) {
    if (error) {
        return refusal_answer(call.message().id, *error);
    }
    if (call.era() == Era::stateless) {
        result.object.string("resultType", call.input_required ? "input_required" : "complete");
        if (method.cache != Cache::none && !call.input_required) {
            const bool shared = method.cache == Cache::everyone;
            result.object.number("ttlMs", shared ? kCacheMilliseconds : std::int64_t{0})
                .string("cacheScope", shared ? "public" : "private");
        }
        result.meta.raw("io.modelcontextprotocol/serverInfo", server_info_);
    }
    if (!method.bare) {
        result.meta.string("io.pgmind/requestId", call.context().request_id.value());
        result.meta.end();
        result.object.raw("_meta", result.meta_text);
    }
    result.object.end();
    Answer answer;
    answer.body = result_message(call.message().id, result.text);
    answer.outcome = call.outcome;
    return answer;
}

void Engine::count(std::string_view method, std::string_view outcome, SteadyTime begun) {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    const std::string name(method);
    services_.metrics
        .counter("pgmind_mcp_requests_total", "MCP requests by method and outcome.",
                 {{"method", name}, {"outcome", std::string(outcome)}})
        .increment();
    if (method != "subscriptions/listen") {
        services_.metrics
            .histogram("pgmind_mcp_request_duration_seconds", "Time to answer an MCP request.",
                       {{"method", name}})
            .observe(taken.count());
    }
}

}  // namespace pgmind::integration::mcp
