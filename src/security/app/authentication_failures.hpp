#pragma once

#include <mutex>
#include <string>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "security/app/audit_writer.hpp"
#include "security/domain/failure_limiter.hpp"

namespace pgmind::security {

/// Decides which failed authentications get an audit record of their own, and writes the counts of
/// the others as one record per address and interval. One for the process; admit() is thread-safe,
/// the rest belongs to the security loop.
///
/// kill -9 loses the counts of the current interval; failures that had a record of their own are
/// committed before their reply.
class AuthenticationFailures {
  public:
    AuthenticationFailures(Executor loop, AuditWriter& audit, const Clock& clock,
                           FailureLimits limits);

    bool admit(const std::string& remote_address);

    /// Writes due counts every second until stop(), which writes the rest.
    Task<void> run();
    void stop();

  private:
    void write_summaries(SteadyTime now);

    AuditWriter& audit_;
    const Clock& clock_;
    // tidy: allow lock because failures are rare, bounded in work, and counted across workers.
    std::mutex mutex_;
    FailureLimiter limiter_;
    async::Notifier wake_;
    bool stopping_ = false;
};

}  // namespace pgmind::security
