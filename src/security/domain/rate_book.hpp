#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace pgmind::security {

/// What holds for a subject (a principal or an address) when it is asked for; 0: no limit.
struct RateRule {
    double per_second = 0;
    double burst = 0;  ///< requests that may come at once; at least 1 where per_second is set
    std::uint32_t concurrency_max = 0;
};

struct RateAnswer {
    enum class Verdict { admitted, too_fast, too_many_at_once };
    Verdict verdict = Verdict::admitted;
    std::uint32_t remaining = 0;
    std::chrono::milliseconds full_after{};   ///< until all of the burst may come again
    std::chrono::milliseconds retry_after{};  ///< of too_fast
    bool first = false;                       ///< the subject had nothing running before
    bool shared = false;                      ///< counted together with others: the book was full
};

/// Requests of one subject since the last take_usage().
struct RateUsage {
    std::string subject;
    std::uint32_t count = 0;
};

/// Token buckets and running requests of many subjects. Keeps what was spent, which fades at the
/// rate of the rule that is asked with: so rules may change at any time, and what other gateways
/// let through can be charged without knowing the rule. At most `subjects_max` subjects are told
/// apart; further ones share one bucket until others have faded. Pure; not thread-safe.
class RateBook {
  public:
    explicit RateBook(std::size_t subjects_max);

    RateAnswer admit(std::string_view subject, const RateRule& rule, SteadyTime now);
    /// Ends a request that was admitted; `shared` as it was answered. True when the subject has
    /// nothing running any more.
    bool release(std::string_view subject, bool shared);

    /// Requests that went through elsewhere.
    void charge(std::string_view subject, std::uint32_t count, SteadyTime now);
    /// What went through here and is worth telling: less than a tenth of what the rate allows in
    /// the time since then is kept until it is more.
    void take_usage(std::vector<RateUsage>& usage, std::chrono::duration<double> since);

    std::size_t size() const { return accounts_.size(); }

  private:
    struct Account {
        double spent = 0;
        double per_second = 0;  // of the rule that was asked with last
        double burst = 0;
        SteadyTime at{};
        std::uint32_t running = 0;
        std::uint32_t untold = 0;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    static void fade(Account& account, SteadyTime now);
    Account* account_of(std::string_view subject, SteadyTime now);
    void forget_faded(SteadyTime now);

    std::size_t subjects_max_;
    std::unordered_map<std::string, Account, Hash, std::equal_to<>> accounts_;
    Account others_;
    SteadyTime swept_at_{};
};

}  // namespace pgmind::security
