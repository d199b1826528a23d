#include "bridge/stdio_bridge.hpp"

#include <map>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "async/notifier.hpp"
#include "bridge/answer_reader.hpp"
#include "bridge/line_input.hpp"
#include "bridge/mcp_message.hpp"
#include "client/api_error.hpp"
#include "client/json_node.hpp"
#include "platform/http/client.hpp"

namespace pgmind::app {
namespace {

constexpr std::size_t kCallsMax = 64;
constexpr std::size_t kLineBytesMax = 32 * 1024 * 1024;
constexpr std::chrono::minutes kCallTimeout{10};
constexpr std::chrono::hours kListenTimeout{24 * 30};
constexpr std::chrono::seconds kEndPatience{30};
constexpr std::chrono::seconds kCloseTimeout{2};
constexpr std::chrono::seconds kRetryFirst{1};
constexpr std::chrono::seconds kRetryMax{30};
constexpr const char* kPath = "/mcp";
constexpr const char* kInitialized = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

Task<Result<std::optional<std::string>>> give_once(std::string& text) {
    if (text.empty()) {
        co_return std::nullopt;
    }
    co_return std::exchange(text, {});
}

Task<Result<void>> feed(AnswerReader& reader, std::string_view bytes) {
    Result<void> fed = reader.feed(bytes);
    co_return fed;
}

bool is_answer_to(const std::string& text, const std::string& id) {
    const auto value = json::parse(text, kJsonLimits);
    if (!value) {
        return false;
    }
    const JsonNode message(*value);
    return message["id"].raw() == id && !message["method"];
}

class StdioBridge {
  public:
    StdioBridge(boost::asio::io_context& loop, http::Client client, StdioBridgeOptions options)
        : executor_(loop.get_executor()),
          client_(std::move(client)),
          options_(std::move(options)),
          input_(options_.input),
          changed_(executor_) {}

    Task<Result<void>> run();

  private:
    struct Call {
        boost::asio::cancellation_signal signal;
        bool stateless = false;
        bool endless = false;
        bool cancelled = false;
    };
    struct Reply {
        bool answered = false;
        std::string error;         ///< why there is no answer
        std::string error_line;    ///< or the server's own JSON-RPC error
        std::string lost_session;  ///< id of a session that the server does not know
    };
    /// Whether the client sees what the server says.
    enum class Show { all, nothing };

    Task<void> take(std::string line);
    Task<void> initialize(McpMessage message, std::string line);
    Task<void> serve(McpMessage message, std::string line, std::shared_ptr<Call> call);
    Task<Reply> exchange(const McpMessage& message, std::string line, McpSession& session,
                         Show show);
    Task<bool> reopen(std::string lost_id);
    Task<void> listen();
    Task<void> close();

    Reply refusal_of(const McpMessage& message, const McpSession& session,
                     const http::Response& response) const;
    void start(const McpMessage& message, std::string line);
    void start_listening();
    void cancel(const std::string& id);
    void deliver(const McpMessage& message, const Reply& reply);
    http::Headers with_key(http::Headers headers) const;
    void log(const std::string& text) const {
        if (options_.log) {
            options_.log(text);
        }
    }

    /// While it lives others wait; also when its coroutine is cancelled.
    struct Reopening {
        explicit Reopening(StdioBridge& owner) : bridge(owner) { bridge.reopening_ = true; }
        ~Reopening() {
            bridge.reopening_ = false;
            bridge.changed_.notify_all();
        }
        Reopening(const Reopening&) = delete;
        Reopening& operator=(const Reopening&) = delete;
        StdioBridge& bridge;
    };

    Executor executor_;
    http::Client client_;
    StdioBridgeOptions options_;
    LineInput input_;
    async::Notifier changed_;
    McpSession session_;
    std::string initialize_line_;
    bool reopening_ = false;
    std::map<std::string, std::shared_ptr<Call>> calls_;
    std::shared_ptr<Call> listening_;
};

Task<Result<void>> StdioBridge::run() {
    while (true) {
        auto line = co_await input_.next(kLineBytesMax);
        if (!line) {
            co_await close();
            co_return fail(std::move(line.error()));
        }
        if (!*line) {
            break;
        }
        if ((*line)->find_first_not_of(" \t\r") != std::string::npos) {
            std::string text = std::move(**line);
            co_await take(std::move(text));
        }
    }
    co_await close();
    co_return Result<void>();
}

// Notifications and answers are delivered before the next line is read, so that they keep their
// order; requests run side by side.
Task<void> StdioBridge::take(std::string line) {
    auto message = read_mcp_message(line);
    if (!message) {
        options_.write_line(mcp_error("", kParseError, message.error().detail));
        co_return;
    }
    if (message->method == "initialize" && message->kind == McpMessage::Kind::request) {
        co_await initialize(std::move(*message), std::move(line));
        co_return;
    }
    if (message->expects_answer()) {
        start(*message, std::move(line));
        co_return;
    }
    const auto cancelled = calls_.find(message->cancels);
    if (!message->cancels.empty() && cancelled != calls_.end() && cancelled->second->stateless) {
        // Over HTTP, closing the stream is what cancels.
        cancel(message->cancels);
        co_return;
    }
    const bool initialized = message->method == "notifications/initialized";
    const Reply reply = co_await exchange(*message, std::move(line), session_, Show::all);
    if (!reply.error.empty()) {
        log(message->method + " was not delivered: " + reply.error);
    }
    if (initialized) {
        start_listening();
    }
}

Task<void> StdioBridge::initialize(McpMessage message, std::string line) {
    session_ = {};
    initialize_line_ = line;
    Reply reply = co_await exchange(message, std::move(line), session_, Show::all);
    deliver(message, reply);
}

void StdioBridge::start(const McpMessage& message, std::string line) {
    const std::string key = message.kind == McpMessage::Kind::batch
                                ? "batch " + std::to_string(calls_.size()) + line.substr(0, 32)
                                : message.id;
    if (calls_.size() >= kCallsMax || calls_.contains(key)) {
        options_.write_line(mcp_error(message.id, kInvalidRequest,
                                      calls_.contains(key) ? "a request with this id is in flight"
                                                           : "too many requests are in flight"));
        return;
    }
    auto call = std::make_shared<Call>();
    call->stateless = message.is_stateless();
    call->endless = message.method == "subscriptions/listen";
    calls_[key] = call;
    auto done = [this, key, call](std::exception_ptr thrown) {
        calls_.erase(key);
        changed_.notify_all();
        if (thrown && !call->cancelled) {
            std::rethrow_exception(thrown);
        }
    };
    boost::asio::co_spawn(executor_, serve(message, std::move(line), call),
                          boost::asio::bind_cancellation_slot(call->signal.slot(), done));
}

Task<void> StdioBridge::serve(McpMessage message, std::string line, std::shared_ptr<Call> call) {
    std::string first = line;
    Reply reply = co_await exchange(message, std::move(first), session_, Show::all);
    if (!reply.lost_session.empty()) {
        std::string lost_id = std::move(reply.lost_session);
        const bool opened = co_await reopen(std::move(lost_id));
        if (opened) {
            reply = co_await exchange(message, std::move(line), session_, Show::all);
        }
    }
    // Nobody waits for the answer to what was cancelled.
    if (!call->cancelled) {
        deliver(message, reply);
    }
}

void StdioBridge::deliver(const McpMessage& message, const Reply& reply) {
    if (reply.answered) {
        return;
    }
    options_.write_line(reply.error_line.empty() ? mcp_error(message.id, kServerError, reply.error)
                                                 : reply.error_line);
}

Task<StdioBridge::Reply> StdioBridge::exchange(const McpMessage& message, std::string line,
                                               McpSession& session, Show show) {
    Reply reply;
    const bool initializes = message.method == "initialize";
    std::string answer;
    AnswerReader reader([&](std::string text) {
        const bool is_answer =
            message.kind == McpMessage::Kind::batch ||
            (message.kind == McpMessage::Kind::request && is_answer_to(text, message.id));
        reply.answered = reply.answered || is_answer;
        if (initializes && is_answer) {
            answer = text;
        }
        if (show == Show::all) {
            options_.write_line(text);
        }
    });
    http::Headers headers = with_key(mcp_headers(message, session));
    const McpSession used = session;
    const Deadline deadline = Deadline::after(message.method == "subscriptions/listen"
                                                  ? std::chrono::minutes(kListenTimeout)
                                                  : kCallTimeout);
    auto response = co_await client_.stream(
        "POST", kPath, std::move(headers), [&line] { return give_once(line); },
        [&reader](std::string_view bytes) { return feed(reader, bytes); }, deadline);
    if (!response) {
        reply.error = response.error().detail;
        co_return reply;
    }
    if (response->status >= 400) {
        co_return refusal_of(message, used, *response);
    }
    reader.finish();
    reply.error = "the server ended without an answer";
    if (initializes && reply.answered) {
        const auto value = json::parse(answer, kJsonLimits);
        session.version = JsonNode(*value)["result"]["protocolVersion"].text();
        session.id = response->headers.find("Mcp-Session-Id").value_or("");
    }
    if (!message.expects_answer()) {
        reply.error.clear();
    }
    co_return reply;
}

// The error of an HTTP status: the server's own JSON-RPC error where it has one.
StdioBridge::Reply StdioBridge::refusal_of(const McpMessage& message, const McpSession& session,
                                           const http::Response& response) const {
    Reply reply;
    if (response.status == 404 && !session.id.empty() && !message.is_stateless() &&
        message.method != "initialize") {
        reply.lost_session = session.id;
        reply.error = "the session is lost";
        return reply;
    }
    reply.error = error_of_problem(response.status, response.body).detail;
    if (response.status == 401) {
        reply.error += " (PGMIND_API_KEY or --key-file gives the key)";
    }
    const auto value = json::parse(response.body, kJsonLimits);
    if (value && is_answer_to(response.body, message.id)) {
        AnswerReader one_line([&reply](std::string text) { reply.error_line = std::move(text); });
        if (one_line.feed(response.body)) {
            one_line.finish();
        }
    } else if (value && JsonNode(*value)["error"]["message"]) {
        reply.error = JsonNode(*value)["error"]["message"].text();
    }
    return reply;
}

// A session that the server does not know any more is opened again as the client opened it.
Task<bool> StdioBridge::reopen(std::string lost_id) {
    while (reopening_) {
        co_await changed_.wait();
    }
    if (session_.id != lost_id) {
        co_return !session_.id.empty();
    }
    log("the server has lost the session; opening another");
    const Reopening reopening(*this);
    const auto initialize = read_mcp_message(initialize_line_);
    McpSession session;
    std::string line = initialize_line_;
    const Reply opened = co_await exchange(*initialize, std::move(line), session, Show::nothing);
    if (!opened.answered || session.id.empty()) {
        co_return false;
    }
    const auto initialized = read_mcp_message(kInitialized);
    std::string note = kInitialized;
    co_await exchange(*initialized, std::move(note), session, Show::nothing);
    session_ = session;
    start_listening();
    co_return true;
}

void StdioBridge::start_listening() {
    if (session_.id.empty() || listening_) {
        return;
    }
    listening_ = std::make_shared<Call>();
    auto done = [this, call = listening_](std::exception_ptr thrown) {
        listening_.reset();
        changed_.notify_all();
        if (thrown && !call->cancelled) {
            std::rethrow_exception(thrown);
        }
    };
    boost::asio::co_spawn(executor_, listen(),
                          boost::asio::bind_cancellation_slot(listening_->signal.slot(), done));
}

// What the server says unasked: a stream that is taken up again where it broke, until the server
// says that there is none.
Task<void> StdioBridge::listen() {
    std::chrono::steady_clock::duration pause = kRetryFirst;
    std::string last_event_id;
    while (true) {
        AnswerReader reader([this, &pause](std::string text) {
            pause = kRetryFirst;
            options_.write_line(text);
        });
        http::Headers headers;
        headers.add("Accept", "text/event-stream");
        headers.add("Mcp-Session-Id", session_.id);
        headers.add("MCP-Protocol-Version", session_.version);
        if (!last_event_id.empty()) {
            headers.add("Last-Event-ID", last_event_id);
        }
        const Deadline deadline = Deadline::after(kListenTimeout);
        auto response = co_await client_.stream(
            "GET", kPath, with_key(std::move(headers)), {},
            [&reader](std::string_view bytes) { return feed(reader, bytes); }, deadline);
        if (response && response->status >= 400) {
            break;
        }
        if (!reader.last_event_id().empty()) {
            last_event_id = reader.last_event_id();
        }
        co_await async::wait_for(pause);
        pause = std::min<std::chrono::steady_clock::duration>(pause * 2, kRetryMax);
    }
}

void StdioBridge::cancel(const std::string& id) {
    // A copy: the call leaves the table when it ends.
    const std::shared_ptr<Call> call = calls_.at(id);
    call->cancelled = true;
    call->signal.emit(boost::asio::cancellation_type::terminal);
}

Task<void> StdioBridge::close() {
    std::vector<std::string> endless;
    for (const auto& [id, call] : calls_) {
        if (call->endless) {
            endless.push_back(id);
        }
    }
    for (const std::string& id : endless) {
        cancel(id);
    }
    if (listening_) {
        const std::shared_ptr<Call> call = listening_;
        call->cancelled = true;
        call->signal.emit(boost::asio::cancellation_type::terminal);
    }
    const Deadline patience = Deadline::after(kEndPatience);
    while ((!calls_.empty() || listening_) && !patience.passed()) {
        co_await changed_.wait_until(patience);
    }
    while (!calls_.empty()) {
        const std::string id = calls_.begin()->first;
        cancel(id);
        while (calls_.contains(id)) {
            co_await changed_.wait();
        }
    }
    if (session_.id.empty()) {
        co_return;
    }
    http::Headers headers;
    headers.add("Mcp-Session-Id", session_.id);
    headers.add("MCP-Protocol-Version", session_.version);
    const Deadline deadline = Deadline::after(kCloseTimeout);
    auto closed =
        co_await client_.send("DELETE", kPath, with_key(std::move(headers)), "", deadline);
    if (!closed) {
        log("the session was not closed: " + closed.error().detail);
    }
}

http::Headers StdioBridge::with_key(http::Headers headers) const {
    if (!options_.endpoint.api_key.empty()) {
        headers.set("Authorization", "Bearer " + options_.endpoint.api_key);
    }
    return headers;
}

}  // namespace

Result<void> run_stdio_bridge(StdioBridgeOptions options) {
    boost::asio::io_context loop(1);
    async::BlockingPool blocking(1, 8);
    http::ClientOptions client_options;
    client_options.base_url = options.endpoint.url;
    client_options.tls_ca_file = options.endpoint.ca_file;
    // Every call, what is listened to, and a notification.
    client_options.connections_max = kCallsMax + 4;
    auto client = http::Client::make(loop, blocking, std::move(client_options));
    if (!client) {
        return fail(std::move(client.error()));
    }
    StdioBridge bridge(loop, std::move(*client), std::move(options));
    return async::run_blocking_loop(loop, bridge.run());
}

}  // namespace pgmind::app
