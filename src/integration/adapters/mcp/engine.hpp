#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "integration/adapters/mcp/call.hpp"
#include "integration/adapters/mcp/catalog.hpp"
#include "integration/adapters/mcp/change_hub.hpp"
#include "integration/adapters/mcp/methods.hpp"
#include "integration/domain/session_book.hpp"

namespace pgmind::integration::mcp {

/// What a connection hands over: a request of an authenticated caller.
struct Arrival {
    Verb verb = Verb::post;
    Era era = Era::sessions;
    Incoming incoming;  ///< of a POST
    std::optional<std::string> protocol_version;
    std::optional<std::string> method_header;
    std::optional<std::string> name_header;
    std::optional<std::string> session_id;
    std::optional<std::string> last_event_id;
    RequestContext context;
    security::PrincipalSnapshot principal;

    ProtocolHeaders headers() const;
};

/// The facades and the settings that the engine of one worker works with; all outlive it.
struct EngineParts {
    memory::Memory& memory;
    cluster::Cluster& cluster;
    security::Security& security;
    async::EventBus& events;
    metrics::Registry& metrics;
    const Options& options;
};

/// Answers MCP messages. Has no transport: it is handed arrivals, and hands answers to their
/// outlets. One per worker; it keeps the sessions that were opened on that worker, so requests of
/// those sessions are handed to it from whichever worker they arrive on. Belongs to its loop, also
/// its destruction after the loop has ended.
class Engine final {
  public:
    Engine(Executor loop, std::size_t worker, EngineParts parts);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    Executor loop() const { return loop_; }

    /// Works out the answer in a task of its own.
    void submit(Arrival arrival, std::shared_ptr<Outlet> outlet);

    std::size_t sessions() const { return sessions_.size(); }

  private:
    void serve_stateless(Arrival arrival, std::shared_ptr<Outlet> outlet);
    void serve_session(Arrival arrival, std::shared_ptr<Outlet> outlet);
    SessionState find_session(const Arrival& arrival);
    void open_session(Arrival arrival, std::shared_ptr<Outlet> outlet);
    void listen(const std::shared_ptr<Session>& session, const Arrival& arrival,
                std::shared_ptr<Outlet> outlet);
    void serve_messages(const std::shared_ptr<Session>& session, Arrival arrival,
                        std::shared_ptr<Outlet> outlet);
    void serve_message(const std::shared_ptr<Session>& session, const Arrival& arrival,
                       Message message, std::unique_ptr<Reply> reply);
    void take_notification(const std::shared_ptr<Session>& session, const Message& message);
    void end_session(const std::string& id);
    void expire_sessions();

    std::shared_ptr<Call> make_call(const Arrival& arrival, Message message,
                                    std::shared_ptr<Session> session, std::unique_ptr<Reply> reply);
    Task<void> run(std::shared_ptr<Call> call, const Method& method);
    Answer answer_of(const Call& call, const Method& method, ResultBody& result,
                     std::optional<ProtocolError> error);
    void count(std::string_view method, std::string_view outcome, SteadyTime begun);

    Executor loop_;
    std::size_t worker_;
    Catalog catalog_;
    AccessGate gate_;
    Services services_;
    std::shared_ptr<ChangeHub> changes_;
    SessionBook book_;
    std::unordered_map<std::string, std::shared_ptr<Session>> sessions_;
    std::string server_info_;
};

/// The worker that keeps a session, from its id; nullopt when the text is no id of ours.
std::optional<std::size_t> worker_of_session(std::string_view session_id);

/// The answer to a request that is refused as a whole.
Answer refusal_answer(std::string_view id, const ProtocolError& error);

}  // namespace pgmind::integration::mcp
