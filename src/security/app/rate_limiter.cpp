#include "security/app/rate_limiter.hpp"

#include <algorithm>
#include <charconv>

#include "security/api/errors.hpp"
#include "security/domain/attempt_limiter.hpp"

namespace pgmind::security {
namespace {

using Verdict = RateAnswer::Verdict;

// Until somebody else's request may have ended.
constexpr std::chrono::milliseconds kRetryConcurrency{1'000};
constexpr std::uint32_t kChargeMax = 10'000'000;

std::optional<std::uint32_t> smallest(std::optional<std::uint32_t> left,
                                      std::optional<std::uint32_t> right) {
    if (!left || !right) {
        return left ? left : right;
    }
    return std::min(*left, *right);
}

RateState state_of(const RateRule& rule, const RateAnswer& answer) {
    return {static_cast<std::uint32_t>(rule.burst), answer.remaining,
            std::chrono::ceil<std::chrono::seconds>(answer.full_after)};
}

Error refused(Errc code, std::string detail, std::chrono::milliseconds retry_after) {
    Error error(code, std::move(detail));
    error.retry_after = retry_after;
    return error;
}

std::string rate_text(const RateRule& rule) {
    return std::to_string(static_cast<std::uint64_t>(rule.per_second)) + " a second";
}

}  // namespace

class RateLimiter::Permit {
  public:
    Permit(RateLimiter& limiter, std::string subject, bool shared)
        : limiter_(limiter), subject_(std::move(subject)), shared_(shared) {}
    ~Permit() { limiter_.release(subject_, shared_); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

  private:
    RateLimiter& limiter_;
    std::string subject_;
    bool shared_;
};

RateLimiter::RateLimiter(RateLimits limits, const Clock& clock) : limits_(limits), clock_(clock) {
    for (Stripe& stripe : stripes_) {
        stripe.book = std::make_unique<RateBook>(limits.subjects_max / stripes_.size() + 1);
    }
}

RateLimiter::Stripe& RateLimiter::stripe_of(std::string_view subject) {
    return stripes_[std::hash<std::string_view>()(subject) % stripes_.size()];
}

RateRule RateLimiter::rule_of(const Principal& principal) const {
    std::optional<std::uint32_t> rate;
    std::optional<std::uint32_t> concurrency;
    for (const Grant& grant : principal.grants) {
        const bool limited = grant.requests_per_second || grant.concurrency_max;
        if (limited && (!grant.expires_at || clock_.now() < *grant.expires_at)) {
            rate = smallest(rate, grant.requests_per_second);
            concurrency = smallest(concurrency, grant.concurrency_max);
        }
    }
    const double per_second = rate.value_or(limits_.principal_per_second);
    return {per_second, per_second * std::max(1u, limits_.burst_seconds),
            concurrency.value_or(limits_.principal_concurrency_max)};
}

// While there is room everybody takes what the own limits give; when it becomes scarce, those who
// hold more than an even share get nothing more, so that the others find a place.
std::uint32_t RateLimiter::fair_share() const {
    const std::uint64_t total = limits_.concurrency_total;
    if (total == 0 || running_.load(std::memory_order_relaxed) * 4ull < total * 3) {
        return 0;
    }
    const std::uint32_t active = std::max(1u, active_.load(std::memory_order_relaxed));
    return std::max(1u, static_cast<std::uint32_t>(total / active));
}

Admittance RateLimiter::admit_address(std::string_view remote_address) {
    Admittance admittance;
    if (limits_.address_per_second == 0 || remote_address.empty()) {
        return admittance;
    }
    const std::string subject = "a" + counted_address(remote_address);
    const double per_second = limits_.address_per_second;
    const RateRule rule{per_second, per_second * std::max(1u, limits_.burst_seconds), 0};
    Stripe& stripe = stripe_of(subject);
    RateAnswer answer;
    {
        const std::lock_guard lock(stripe.mutex);
        answer = stripe.book->admit(subject, rule, clock_.steady_now());
        if (answer.verdict == Verdict::admitted) {
            stripe.book->release(subject, answer.shared);  // Only the rate counts.
        }
    }
    admittance.rate = state_of(rule, answer);
    if (answer.verdict == Verdict::too_fast) {
        refused_addresses_.fetch_add(1, std::memory_order_relaxed);
        admittance.refusal = refused(Errc::too_many_requests,
                                     "more requests came from this address than " + rate_text(rule),
                                     answer.retry_after);
    }
    return admittance;
}

Admittance RateLimiter::admit_principal(const Principal& principal) {
    Admittance admittance;
    RateRule rule = rule_of(principal);
    const std::uint32_t own_max = rule.concurrency_max;
    const std::uint32_t total = limits_.concurrency_total;
    const std::uint32_t share = fair_share();
    if (share > 0 && (own_max == 0 || share < own_max)) {
        rule.concurrency_max = share;
    }
    std::string subject = "p" + principal.id.value();
    Stripe& stripe = stripe_of(subject);
    if (total > 0 && running_.load(std::memory_order_relaxed) >= total) {
        refused_concurrency_.fetch_add(1, std::memory_order_relaxed);
        admittance.refusal = refused(Errc::gateway_busy,
                                     "the gateway serves as many requests as "
                                     "it may",
                                     kRetryConcurrency);
        return admittance;
    }
    RateAnswer answer;
    {
        const std::lock_guard lock(stripe.mutex);
        answer = stripe.book->admit(subject, rule, clock_.steady_now());
    }
    if (rule.per_second > 0) {
        admittance.rate = state_of(rule, answer);
    }
    if (answer.verdict == Verdict::too_fast) {
        refused_principals_.fetch_add(1, std::memory_order_relaxed);
        admittance.refusal =
            refused(Errc::too_many_requests,
                    "'" + principal.name + "' sent more requests than " + rate_text(rule),
                    answer.retry_after);
        return admittance;
    }
    if (answer.verdict == Verdict::too_many_at_once) {
        refused_concurrency_.fetch_add(1, std::memory_order_relaxed);
        admittance.refusal =
            refused(Errc::too_many_requests,
                    "'" + principal.name + "' has " + std::to_string(rule.concurrency_max) +
                        " requests running, which is its share",
                    kRetryConcurrency);
        return admittance;
    }
    running_.fetch_add(1, std::memory_order_relaxed);
    active_.fetch_add(answer.first ? 1 : 0, std::memory_order_relaxed);
    admittance.permit = std::make_shared<const Permit>(*this, std::move(subject), answer.shared);
    return admittance;
}

void RateLimiter::release(const std::string& subject, bool shared) {
    Stripe& stripe = stripe_of(subject);
    bool last = false;
    {
        const std::lock_guard lock(stripe.mutex);
        last = stripe.book->release(subject, shared);
    }
    running_.fetch_sub(1, std::memory_order_relaxed);
    active_.fetch_sub(last ? 1 : 0, std::memory_order_relaxed);
}

std::string RateLimiter::take_usage(std::chrono::duration<double> since, std::size_t bytes_max) {
    std::vector<RateUsage> usage;
    for (Stripe& stripe : stripes_) {
        const std::lock_guard lock(stripe.mutex);
        stripe.book->take_usage(usage, since);
    }
    std::sort(usage.begin(), usage.end(), [](const RateUsage& left, const RateUsage& right) {
        return left.count > right.count;
    });
    std::string text;
    for (const RateUsage& each : usage) {
        std::string line = each.subject + " " + std::to_string(each.count) + "\n";
        if (text.size() + line.size() > bytes_max) {
            break;
        }
        text += line;
    }
    return text;
}

void RateLimiter::charge(std::string_view usage) {
    const SteadyTime now = clock_.steady_now();
    while (!usage.empty()) {
        const std::string_view line = usage.substr(0, usage.find('\n'));
        usage.remove_prefix(std::min(line.size() + 1, usage.size()));
        const std::size_t blank = line.find(' ');
        if (blank == std::string_view::npos || blank == 0) {
            continue;
        }
        const std::string_view digits = line.substr(blank + 1);
        std::uint32_t count = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), count);
        if (error != std::errc() || end != digits.data() + digits.size() || count > kChargeMax) {
            continue;
        }
        const std::string_view subject = line.substr(0, blank);
        Stripe& stripe = stripe_of(subject);
        const std::lock_guard lock(stripe.mutex);
        stripe.book->charge(subject, count, now);
    }
}

RateStatistics RateLimiter::statistics() const {
    return {refused_principals_.load(std::memory_order_relaxed),
            refused_addresses_.load(std::memory_order_relaxed),
            refused_concurrency_.load(std::memory_order_relaxed)};
}

}  // namespace pgmind::security
