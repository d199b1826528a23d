#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "security/api/admittance.hpp"
#include "security/api/principal.hpp"
#include "security/domain/rate_book.hpp"

namespace pgmind::security {

/// 0 stands for no limit.
struct RateLimits {
    std::uint32_t principal_per_second = 10'000;  ///< of a principal whose grants set none
    std::uint32_t principal_concurrency_max = 1'000;
    std::uint32_t address_per_second = 10'000;
    std::uint32_t burst_seconds = 2;  ///< a full bucket holds so many seconds of its rate
    /// Requests at once on this gateway. From three quarters of it on nobody holds more than an
    /// even share of it.
    std::uint32_t concurrency_total = 8'192;
    std::size_t subjects_max = 65'536;  ///< principals and addresses that are told apart
};

struct RateStatistics {
    std::uint64_t refused_principals = 0;
    std::uint64_t refused_addresses = 0;
    std::uint64_t refused_concurrency = 0;
};

/// Rates and concurrency of principals and addresses on this gateway, and what other gateways told
/// of theirs. One for the process; thread-safe; outlives every permit that it gave.
class RateLimiter {
  public:
    RateLimiter(RateLimits limits, const Clock& clock);

    /// Before anything is asked or computed for the address.
    Admittance admit_address(std::string_view remote_address);
    /// After the caller is known: its own limits are the smallest of its grants that count, else
    /// those of the settings.
    Admittance admit_principal(const Principal& principal);

    /// What the other gateways shall hear, at most `bytes_max`: "SUBJECT COUNT\n" each, the largest
    /// first. Empty when there is nothing worth it.
    std::string take_usage(std::chrono::duration<double> since, std::size_t bytes_max);
    /// What another gateway told; lines of another form are not counted.
    void charge(std::string_view usage);

    RateStatistics statistics() const;

  private:
    class Permit;
    struct Stripe {
        // tidy: allow lock because every worker asks here; it is held for one look-up.
        std::mutex mutex;
        std::unique_ptr<RateBook> book;
    };
    Stripe& stripe_of(std::string_view subject);
    RateRule rule_of(const Principal& principal) const;
    std::uint32_t fair_share() const;
    void release(const std::string& subject, bool shared);

    const RateLimits limits_;
    const Clock& clock_;
    std::array<Stripe, 16> stripes_;
    std::atomic<std::uint32_t> running_{0};  // requests of principals
    std::atomic<std::uint32_t> active_{0};   // principals that have some
    std::atomic<std::uint64_t> refused_principals_{0};
    std::atomic<std::uint64_t> refused_addresses_{0};
    std::atomic<std::uint64_t> refused_concurrency_{0};
};

}  // namespace pgmind::security
