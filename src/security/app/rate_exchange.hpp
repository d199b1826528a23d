#pragma once

#include <string>
#include <string_view>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "security/app/rate_limiter.hpp"

namespace pgmind::security {

/// How gateways tell each other what they let through. Used on the security loop only.
class UsageChannel {
  public:
    virtual ~UsageChannel() = default;
    /// At most kUsageBytesMax. Reaches each gateway that listens, this one too; lost where nobody
    /// does.
    virtual Task<Result<void>> tell(std::string message, Deadline deadline) = 0;
};
inline constexpr std::size_t kUsageBytesMax = 7'900;  ///< PostgreSQL notifies with less than 8,000

/// Shares the limiter's counts with the other gateways every half second, so that a principal has
/// its rate once and not once for each gateway. While the coordinator is out of reach each limits
/// by itself. Belongs to the security loop.
class RateExchange {
  public:
    RateExchange(Executor loop, RateLimiter& limiter, UsageChannel& channel);

    Task<void> run();
    void stop();
    /// A message that arrived.
    void heard(std::string_view message);
    /// Why the last message was not sent; empty when it was.
    const std::string& problem() const { return problem_; }

  private:
    Task<void> tell();

    RateLimiter& limiter_;
    UsageChannel& channel_;
    async::Notifier wake_;
    std::string gateway_;  // Its own messages count for nothing.
    std::string problem_;
    bool stopping_ = false;
};

}  // namespace pgmind::security
