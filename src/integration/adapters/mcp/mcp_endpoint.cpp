#include "integration/adapters/mcp/mcp_endpoint.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/dispatch.hpp>

#include "integration/adapters/common_headers.hpp"
#include "integration/adapters/mcp/errors.hpp"
#include "integration/adapters/mcp/event_stream.hpp"
#include "integration/adapters/problem.hpp"
#include "integration/api/events.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::integration {
namespace {

using mcp::Answer;
using mcp::Arrival;
using mcp::Delivery;
using mcp::ProtocolError;

constexpr std::string_view kPath = "/mcp";
constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";
constexpr std::string_view kMetadataPathOfMcp = "/.well-known/oauth-protected-resource/mcp";
constexpr auto kTick = std::chrono::seconds(1);
constexpr int kTicksBetweenComments = 15;

std::optional<std::string> field(const http::RequestHead& head, std::string_view name) {
    const auto value = head.headers.find(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

bool is_media_type(std::string_view value, std::string_view wanted) {
    const std::string_view type = value.substr(0, value.find(';'));
    const std::size_t end = type.find_last_not_of(" \t");
    return http::equals_ignoring_case(type.substr(0, end + 1), wanted);
}

// Accept lists are short: looking for the name is enough, for nobody refuses with q=0 what the
// protocol requires.
bool accepts_streams(const http::RequestHead& head) {
    const auto accept = head.headers.find("Accept");
    return !accept || accept->find("text/event-stream") != std::string_view::npos ||
           accept->find("*/*") != std::string_view::npos;
}

// The address that the caller used, for links back; empty when the Host field is not plain.
std::string base_url(const http::RequestHead& head) {
    const std::string_view host = head.headers.find("Host").value_or("");
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == ':' || c == '-' || c == '[' || c == ']';
    };
    if (host.empty() || !std::all_of(host.begin(), host.end(), plain)) {
        return "";
    }
    return (head.secure ? "https://" : "http://") + std::string(host);
}

std::string challenge(const http::RequestHead& head, const Delivery& refused) {
    std::string value = "Bearer";
    std::string_view separator = " ";
    const auto add = [&](std::string_view name, std::string_view text) {
        value += std::string(separator) + std::string(name) + "=\"" + std::string(text) + '"';
        separator = ", ";
    };
    if (refused.status == 403) {
        add("error", "insufficient_scope");
    } else if (head.headers.find("Authorization")) {
        add("error", "invalid_token");
    }
    if (!refused.required_scope.empty()) {
        add("scope", refused.required_scope);
    }
    if (const std::string base = base_url(head); !base.empty()) {
        add("resource_metadata", base + std::string(kMetadataPathOfMcp));
    }
    return value;
}

Answer transport_refusal(unsigned status, int error_code, std::string message) {
    return mcp::refusal_answer("", {error_code, std::move(message), {}, status});
}

// Of a caller who was not let in: limits and outages have a status of their own here, since no
// message was looked at.
Answer refusal_of(const Error& error, const std::string& id) {
    ProtocolError refusal = mcp::to_protocol_error(error);
    const Problem problem = problem_of(error);
    const bool later = problem.status == 429 || problem.status == 503;
    if (later) {
        refusal.http_status = problem.status;
    }
    Answer answer = mcp::refusal_answer(id, std::move(refusal));
    if (later) {
        answer.headers.add("Retry-After", std::to_string(problem.retry_after.count()));
    }
    return answer;
}

std::string tool_of(const mcp::Message& message) {
    return message.method == "tools/call" ? message.name.substr(0, 128) : "";
}

}  // namespace

bool is_mcp_path(std::string_view path) {
    return path == kPath || path == kMetadataPath || path == kMetadataPathOfMcp;
}

/// The endpoint as one worker runs it.
class McpEndpoint::Server {
  public:
    Server(McpEndpoint& endpoint, mcp::Engine& engine, McpDependencies dependencies)
        : endpoint_(endpoint),
          engine_(engine),
          bus_(dependencies.bus),
          gate_(dependencies.security) {}

    Task<void> serve(http::Exchange& exchange) {
        RequestContext context = make_context(exchange.head());
        const auto permitted = endpoint_.options_.origins.check(exchange.head().headers, false);
        if (!permitted) {
            const auto recorded = co_await gate_.turned_away(context, permitted.error());
            const Problem problem = problem_of(recorded ? permitted.error() : recorded.error());
            co_await send_whole(
                exchange, context,
                whole(transport_refusal(problem.status, mcp::code::bad_transport, problem.detail)),
                nullptr);
            co_return;
        }
        if (exchange.head().path != kPath) {
            co_await send_whole(exchange, context, metadata(exchange.head()), nullptr);
            co_return;
        }
        Passage passage;
        auto arrival = co_await read(exchange, context, passage);
        if (!arrival) {
            bus_.publish(context, McpResponseSent{std::string(arrival.error().outcome)});
            co_await send_whole(exchange, context, whole(std::move(arrival.error())), &passage);
            co_return;
        }
        auto outlet =
            std::make_shared<mcp::Outlet>(engine_.loop(), accepts_streams(exchange.head()));
        hand_over(std::move(*arrival), outlet);
        co_await deliver(exchange, context, outlet, passage);
    }

  private:
    RequestContext make_context(const http::RequestHead& head) const {
        RequestContext context;
        const auto given = head.headers.find("X-Request-Id");
        context.request_id =
            given && is_uuid(*given) ? RequestId(std::string(*given)) : new_request_id();
        context.protocol = "mcp";
        context.remote_address = head.remote_address;
        context.deadline = Deadline::after(endpoint_.options_.mcp.request_timeout);
        return context;
    }

    static Delivery whole(Answer answer) {
        Delivery delivery;
        delivery.status = answer.status;
        delivery.headers = std::move(answer.headers);
        delivery.body = std::move(answer.body);
        delivery.outcome = answer.outcome;
        delivery.required_scope = std::move(answer.required_scope);
        return delivery;
    }

    static Delivery metadata(const http::RequestHead& head) {
        Delivery delivery;
        if (head.method != "GET" && head.method != "HEAD") {
            delivery.status = 405;
            delivery.headers.add("Allow", "GET, HEAD");
            return delivery;
        }
        json::ObjectWriter(delivery.body)
            .string("resource", base_url(head) + std::string(kPath))
            .string("resource_name", "pgmind")
            .strings("bearer_methods_supported", {"header"})
            .strings("scopes_supported", {"memory:read", "memory:write", "memory:remove",
                                          "namespaces:write", "cluster:read"})
            .end();
        return delivery;
    }

    // Everything up to the point where the engine can take over: body, caller, era.
    Task<tl::expected<Arrival, Answer>> read(http::Exchange& exchange, RequestContext& context,
                                             Passage& passage) {
        const http::RequestHead& head = exchange.head();
        Arrival arrival;
        if (head.method == "POST") {
            auto incoming = co_await read_messages(exchange, context, passage);
            if (!incoming) {
                co_return tl::unexpected<Answer>(std::move(incoming.error()));
            }
            arrival.incoming = std::move(*incoming);
        } else if (head.method == "GET" || head.method == "DELETE") {
            arrival.verb = head.method == "GET" ? mcp::Verb::get : mcp::Verb::remove;
        } else {
            co_return refuse_verb();
        }
        security::Credentials credentials = credentials_of(head);
        auto principal = co_await gate_.authenticate(context, std::move(credentials), passage);
        if (!principal) {
            const std::string id =
                arrival.incoming.messages.size() == 1 ? arrival.incoming.messages.front().id : "";
            co_return tl::unexpected<Answer>(refusal_of(principal.error(), id));
        }
        arrival.principal = std::move(*principal);
        arrival.context = context;
        arrival.protocol_version = field(head, "MCP-Protocol-Version");
        arrival.method_header = field(head, "Mcp-Method");
        arrival.name_header = field(head, "Mcp-Name");
        arrival.session_id = field(head, "Mcp-Session-Id");
        arrival.last_event_id = field(head, "Last-Event-ID");
        arrival.era = era_of(arrival);
        if (arrival.era == mcp::Era::stateless && arrival.verb != mcp::Verb::post) {
            co_return refuse_verb();
        }
        co_return arrival;
    }

    static tl::unexpected<Answer> refuse_verb() {
        Answer answer =
            transport_refusal(405, mcp::code::bad_transport, "this method is not served here");
        answer.headers.add("Allow", "POST");
        return tl::unexpected<Answer>(std::move(answer));
    }

    static mcp::Era era_of(const Arrival& arrival) {
        if (arrival.verb != mcp::Verb::post) {
            return mcp::era_of_verb(arrival.headers());
        }
        if (arrival.incoming.batch) {
            return mcp::Era::sessions;
        }
        return mcp::era_of_message(arrival.headers(), arrival.incoming.messages.front().facts());
    }

    Task<tl::expected<mcp::Incoming, Answer>> read_messages(http::Exchange& exchange,
                                                            RequestContext& context,
                                                            Passage& passage) {
        const http::RequestHead& head = exchange.head();
        const mcp::Options& options = endpoint_.options_.mcp;
        if (!is_media_type(head.headers.find("Content-Type").value_or(""), "application/json")) {
            co_return tl::unexpected<Answer>(transport_refusal(
                415, mcp::code::bad_transport, "Content-Type must be application/json"));
        }
        const std::string_view authorization = head.headers.find("Authorization").value_or("");
        if (options.keys_required && bearer_key(authorization).empty() &&
            head.peer_certificate == nullptr) {
            // Nobody: no body of theirs is read. Security still counts the attempt.
            const auto refused =
                co_await gate_.authenticate(context, security::Credentials(), passage);
            ProtocolError error{mcp::code::unauthenticated, "a key is needed"};
            co_return tl::unexpected<Answer>(refused ? mcp::refusal_answer("", error)
                                                     : refusal_of(refused.error(), ""));
        }
        auto body = co_await exchange.read_body(options.body_bytes_max);
        if (!body) {
            const bool too_large = body.error().is(Failure::payload_too_large);
            co_return tl::unexpected<Answer>(transport_refusal(
                too_large ? 413 : 400, mcp::code::invalid_request, mcp::describe(body.error())));
        }
        auto incoming = mcp::parse_incoming(std::move(*body), options.body_bytes_max);
        if (!incoming) {
            bus_.publish(context, McpRequestReceived{"unreadable", ""});
            co_return tl::unexpected<Answer>(
                mcp::refusal_answer(incoming.error().id, incoming.error().error));
        }
        const mcp::Message& first = incoming->messages.front();
        bus_.publish(context, incoming->batch ? McpRequestReceived{"batch", ""}
                                              : McpRequestReceived{first.method, tool_of(first)});
        co_return std::move(*incoming);
    }

    void hand_over(Arrival arrival, std::shared_ptr<mcp::Outlet> outlet) {
        mcp::Engine* engine = &engine_;
        if (arrival.era == mcp::Era::sessions && arrival.session_id) {
            const auto worker = mcp::worker_of_session(*arrival.session_id);
            mcp::Engine* home = worker && *worker < kWorkersMax
                                    ? endpoint_.engines_[*worker].load(std::memory_order_acquire)
                                    : nullptr;
            // An id that no worker can have made is unknown to every engine, also to this one.
            engine = home == nullptr ? engine : home;
        }
        boost::asio::dispatch(
            engine->loop(),
            [engine, moved = std::make_shared<Arrival>(std::move(arrival)),
             to = std::move(outlet)]() mutable { engine->submit(std::move(*moved), to); });
    }

    Task<void> deliver(http::Exchange& exchange, const RequestContext& context,
                       std::shared_ptr<mcp::Outlet> outlet, Passage& passage) {
        const std::weak_ptr<mcp::Outlet> weak = outlet;
        exchange.notify_disconnect([weak] {
            if (const auto open = weak.lock()) {
                open->leave();
            }
        });
        std::string_view outcome = "disconnected";
        int quiet_ticks = 0;
        bool streaming = false;
        while (true) {
            const Deadline tick = Deadline::after(kTick);
            auto piece = co_await outlet->next(tick);
            if (outlet->left() || (!piece && streaming && exchange.draining())) {
                break;
            }
            if (piece && piece->kind == Delivery::Kind::whole) {
                outcome = piece->outcome;
                bus_.publish(context, McpResponseSent{std::string(outcome)});
                co_await send_whole(exchange, context, std::move(*piece), &passage);
                co_return;
            }
            if (piece && piece->kind == Delivery::Kind::end) {
                outcome = piece->outcome;
                break;
            }
            quiet_ticks = piece ? 0 : quiet_ticks + 1;
            std::string text = piece ? mcp::format_event(*piece) : "";
            if (quiet_ticks >= kTicksBetweenComments && streaming) {
                text = ": still here\n\n";
                quiet_ticks = 0;
            }
            if (piece && !streaming) {
                streaming = true;
                http::Headers headers = stream_headers(context, exchange.head().secure);
                add_rate_fields(headers, passage);
                passage.permit.reset();  // A stream that stays open is no running request.
                auto started = co_await exchange.start(200, std::move(headers));
                if (!started) {
                    break;
                }
            }
            if (text.empty()) {
                continue;
            }
            auto written = co_await exchange.write(text);
            if (!written) {
                break;
            }
        }
        outlet->leave();
        bus_.publish(context, McpResponseSent{std::string(outcome)});
        co_await close(exchange, streaming);
    }

    static http::Headers stream_headers(const RequestContext& context, bool secure) {
        http::Headers headers;
        headers.add("Content-Type", "text/event-stream");
        add_common_headers(headers, context.request_id, secure);
        // Proxies that collect an answer before they pass it on would hold events back.
        headers.add("X-Accel-Buffering", "no");
        return headers;
    }

    static Task<void> close(http::Exchange& exchange, bool streaming) {
        if (streaming) {
            const auto finished = co_await exchange.finish();
            if (!finished) {
                log::debug("a stream broke off", {{"error", finished.error().detail}});
            }
            co_return;
        }
        // Nobody is there to read it, but every exchange is answered.
        http::Response gone;
        gone.status = 408;
        const auto sent = co_await exchange.respond(std::move(gone));
        if (!sent) {
            log::debug("a client left before its answer", {{"error", sent.error().detail}});
        }
    }

    static Task<void> send_whole(http::Exchange& exchange, const RequestContext& context,
                                 Delivery delivery, const Passage* passage) {
        http::Response response;
        response.status = delivery.status;
        if (delivery.status == 401 || delivery.status == 403) {
            delivery.headers.add("WWW-Authenticate", challenge(exchange.head(), delivery));
        }
        if (delivery.status == 503 && !delivery.headers.find("Retry-After")) {
            delivery.headers.add("Retry-After", "1");
        }
        if (passage != nullptr) {
            add_rate_fields(delivery.headers, *passage);
        }
        if (!delivery.body.empty()) {
            delivery.headers.add("Content-Type", "application/json");
        }
        response.headers = std::move(delivery.headers);
        add_common_headers(response.headers, context.request_id, exchange.head().secure);
        response.body = std::move(delivery.body);
        const auto sent = co_await exchange.respond(std::move(response));
        if (!sent) {
            log::debug("an answer was not delivered", {{"request_id", context.request_id.value()},
                                                       {"error", sent.error().detail}});
        }
    }

    McpEndpoint& endpoint_;
    mcp::Engine& engine_;
    async::EventBus& bus_;
    AccessGate gate_;
};

McpEndpoint::McpEndpoint(async::Workers& workers, McpOptions options)
    : workers_(workers), options_(std::move(options)) {}

McpEndpoint::~McpEndpoint() = default;

http::Handler McpEndpoint::make_handler(std::size_t worker, McpDependencies dependencies) {
    mcp::EngineParts parts{dependencies.memory, dependencies.cluster, dependencies.security,
                           dependencies.bus,    dependencies.metrics, options_.mcp};
    owned_[worker] = std::make_unique<mcp::Engine>(workers_.executor(worker), worker, parts);
    engines_[worker].store(owned_[worker].get(), std::memory_order_release);
    auto server = std::make_shared<Server>(*this, *owned_[worker], dependencies);
    return [server](http::Exchange& exchange) { return server->serve(exchange); };
}

}  // namespace pgmind::integration
