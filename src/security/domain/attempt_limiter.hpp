#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace pgmind::security {

struct AttemptLimits {
    double burst = 10;              ///< logins at once from one address
    double per_second = 0.5;        ///< and from then on
    double total_burst = 200;       ///< of all addresses together
    double total_per_second = 100;  ///< bounds what one statement an attempt costs the coordinator
    std::size_t addresses_max = 4'096;
};

/// How many logins an address may try, before anything is asked or computed for them: a token
/// bucket for each. Addresses beyond `addresses_max` share one. IPv6 counts by its first 64 bits,
/// for those are what one customer has. Pure; not thread-safe.
class AttemptLimiter {
  public:
    explicit AttemptLimiter(AttemptLimits limits);

    /// Zero when the attempt may go on; else after how long the next one may.
    std::chrono::milliseconds admit(std::string_view remote_address, SteadyTime now);

  private:
    struct Bucket {
        double tokens = 0;
        SteadyTime filled_at{};
    };
    static void fill(Bucket& bucket, double burst, double per_second, SteadyTime now);
    Bucket& bucket_of(std::string_view remote_address, SteadyTime now);

    AttemptLimits limits_;
    std::unordered_map<std::string, Bucket> buckets_;
    Bucket others_;
    Bucket total_;
};

/// The address as it is counted: IPv4 whole, also when it is mapped into IPv6; of IPv6 the first
/// four groups.
std::string counted_address(std::string_view remote_address);

}  // namespace pgmind::security
