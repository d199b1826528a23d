#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/notifier.hpp"
#include "base/request_context.hpp"
#include "integration/adapters/mcp/message.hpp"
#include "integration/adapters/mcp/reply.hpp"
#include "integration/adapters/mcp/services.hpp"
#include "integration/adapters/mcp/session.hpp"
#include "integration/domain/mcp_version.hpp"

namespace pgmind::integration::mcp {

class ChangeHub;

/// One request of a client while it is being answered. Shared by the task that works on it and
/// whoever may cancel it; belongs to the engine's loop.
class Call final {
  public:
    struct Parts {
        Message message;
        RequestContext context;
        security::PrincipalSnapshot principal;
        Era era = Era::sessions;
        std::shared_ptr<Session> session;  ///< null in the stateless era
        std::unique_ptr<Reply> reply;
    };
    Call(Executor loop, const Services& services, ChangeHub& changes, Parts parts);

    const Services& services() const { return services_; }
    ChangeHub& changes() { return changes_; }
    const RequestContext& context() const { return parts_.context; }
    const security::PrincipalSnapshot& principal() const { return parts_.principal; }
    const Message& message() const { return parts_.message; }
    Era era() const { return parts_.era; }
    const std::shared_ptr<Session>& session() const { return parts_.session; }
    const ClientCapabilities& capabilities() const;
    /// The members of params; an empty object when there are none.
    const json::Object& params() const { return *parts_.message.params; }

    /// Tells the client how far the work is, if it asked. `progress` grows from call to call; one
    /// that does not is left out.
    void report_progress(double progress, std::optional<double> total, std::string_view text);
    bool wants_progress() const { return !parts_.message.meta.progress_token.empty(); }
    /// Sends a log message if the client asked for messages of that level. `data` is JSON text.
    void log(LogLevel level, std::string_view logger, std::string_view data);
    void notify(std::string_view method, std::string_view params);
    bool can_notify() const { return !over_ && parts_.reply->can_send(); }

    /// Asks the client something and waits for its answer (JSON text of the result). Only in the
    /// era with sessions. not_supported when there is no way to ask, deadline_exceeded without an
    /// answer, unavailable with the client's error.
    Task<Result<std::string>> ask_client(std::string method, std::string params);

    /// The client does not want the answer any more. Work that has begun goes on to its end, so
    /// that it is recorded; nothing is sent.
    void cancel();
    bool cancelled() const { return cancelled_; }
    /// Waits for finish() or cancel(); false when the deadline passes first.
    Task<bool> wait_until_over(Deadline deadline);
    bool over() const { return over_; }
    void finish(Answer answer);
    void interrupt() { parts_.reply->interrupt(); }

    /// Set by a handler whose result asks the client for input (stateless era).
    bool input_required = false;
    /// For the audit log, metrics and events: what became of the call, if not "ok".
    std::string_view outcome = "ok";

  private:
    std::optional<LogLevel> log_level() const;

    const Services& services_;
    ChangeHub& changes_;
    Parts parts_;
    std::optional<double> progress_;
    bool cancelled_ = false;
    bool over_ = false;
    async::Notifier over_notifier_;
};

}  // namespace pgmind::integration::mcp
