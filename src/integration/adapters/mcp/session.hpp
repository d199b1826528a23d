#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "async/notifier.hpp"
#include "integration/adapters/mcp/change_hub.hpp"
#include "integration/adapters/mcp/message.hpp"
#include "integration/adapters/mcp/outlet.hpp"
#include "integration/domain/event_log.hpp"
#include "integration/domain/session_book.hpp"
#include "security/api/principal.hpp"

namespace pgmind::integration::mcp {

class Call;

struct SessionTraits {
    std::string id;
    SessionOwner owner;
    std::string_view version;
    ClientCapabilities capabilities;
};

/// What is remembered of a client of the era with sessions, between its requests. Belongs to the
/// loop of the engine that opened it. Every stream is kept in the log, so that it can be resumed;
/// at most one connection is attached to a stream.
class Session final : public ChangeListener, public std::enable_shared_from_this<Session> {
  public:
    static constexpr std::size_t kCallsMax = 64;  ///< in flight at the same time
    static constexpr std::size_t kWatchedUrisMax = 100;

    Session(Executor loop, SessionTraits traits);

    const std::string& id() const { return traits_.id; }
    const SessionOwner& owner() const { return traits_.owner; }
    std::string_view version() const { return traits_.version; }
    const ClientCapabilities& capabilities() const { return traits_.capabilities; }
    std::optional<LogLevel> log_level;      ///< of logging/setLevel
    std::set<std::string> watched_uris;     ///< of resources/subscribe
    security::PrincipalSnapshot principal;  ///< of the newest request

    // Changes: watched resources, and new ones while the client listens.
    security::PrincipalSnapshot listener() const override { return principal; }
    void resource_changed(const std::string& uri) override;
    void resources_added() override;

    // Streams.
    std::uint64_t open_stream(std::shared_ptr<Outlet> outlet);
    void send(std::uint64_t stream, std::string message);
    void close_stream(std::uint64_t stream, std::string_view outcome);
    /// Lets go of the connection; the stream stays.
    void detach(std::uint64_t stream);
    bool attached(std::uint64_t stream) const { return attached_.contains(stream); }
    /// GET: the stream of what is said unasked. A connection that listened before is let go.
    void listen(std::shared_ptr<Outlet> outlet);
    bool has_listener() const { return !attached_.empty(); }
    /// GET with Last-Event-ID; false when what came after it is not kept any more.
    bool resume(EventId last, std::shared_ptr<Outlet> outlet);

    // Requests of the client that are being worked on.
    /// False when the id is in use.
    bool begin_call(const std::string& request_id, std::weak_ptr<Call> call);
    void end_call(const std::string& request_id) { calls_.erase(request_id); }
    std::size_t calls() const { return calls_.size(); }
    std::shared_ptr<Call> find_call(const std::string& request_id) const;

    // Requests to the client.
    struct ClientAnswer {
        std::string result;  ///< JSON text; empty: an error
        std::string error;
    };
    /// The JSON text of an id for a request to the client.
    std::string begin_client_call();
    /// nullopt when no answer came in time.
    Task<std::optional<ClientAnswer>> client_answer(std::string request_id, Deadline deadline);
    /// False when nobody waits for it.
    bool settle_client_call(const std::string& request_id, ClientAnswer answer);

    /// The session has ended: lets go of all connections and cancels its calls.
    void end();

  private:
    static constexpr std::uint64_t kUnaskedStream = 0;

    void attach(std::uint64_t stream, std::shared_ptr<Outlet> outlet);

    Executor loop_;
    SessionTraits traits_;
    EventLog log_{EventLogLimits{}};
    std::map<std::uint64_t, std::shared_ptr<Outlet>> attached_;
    std::map<std::string, std::weak_ptr<Call>> calls_;
    std::map<std::string, std::optional<ClientAnswer>> client_calls_;
    std::uint64_t client_calls_begun_ = 0;
    async::Notifier client_answered_;
};

}  // namespace pgmind::integration::mcp
