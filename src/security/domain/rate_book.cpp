#include "security/domain/rate_book.hpp"

#include <algorithm>
#include <cmath>

namespace pgmind::security {
namespace {

// A full book is not searched for faded accounts at each request of a flood.
constexpr std::chrono::milliseconds kSweepPause{200};
// What a subject that nobody asked for here has spent elsewhere is remembered so long.
constexpr double kFadeWithoutRule = 1.0 / 60;
constexpr double kWorthTelling = 0.1;

std::chrono::milliseconds after(double requests, double per_second) {
    const double milliseconds = std::ceil(requests / per_second * 1'000);
    return std::chrono::milliseconds(
        std::max<std::int64_t>(0, static_cast<std::int64_t>(milliseconds)));
}

}  // namespace

RateBook::RateBook(std::size_t subjects_max) : subjects_max_(subjects_max) {}

void RateBook::fade(Account& account, SteadyTime now) {
    if (now > account.at) {
        const std::chrono::duration<double> passed = now - account.at;
        account.spent = std::max(0.0, account.spent - passed.count() * account.per_second);
        account.at = now;
    }
    // Debts end: whatever others let through, the next request is never further away than two
    // bursts.
    if (account.burst > 0) {
        account.spent = std::min(account.spent, 2 * account.burst);
    }
}

void RateBook::forget_faded(SteadyTime now) {
    if (swept_at_ != SteadyTime{} && now - swept_at_ < kSweepPause) {
        return;
    }
    swept_at_ = now;
    std::erase_if(accounts_, [&](const auto& entry) {
        const Account& account = entry.second;
        const std::chrono::duration<double> idle = now - account.at;
        const double per_second =
            account.per_second > 0 ? account.per_second : account.spent * kFadeWithoutRule;
        return account.running == 0 && account.spent <= idle.count() * per_second;
    });
}

RateBook::Account* RateBook::account_of(std::string_view subject, SteadyTime now) {
    const auto found = accounts_.find(subject);
    if (found != accounts_.end()) {
        return &found->second;
    }
    if (accounts_.size() >= subjects_max_) {
        forget_faded(now);
    }
    if (accounts_.size() >= subjects_max_) {
        return nullptr;
    }
    Account& made = accounts_.emplace(subject, Account{}).first->second;
    made.at = now;
    return &made;
}

RateAnswer RateBook::admit(std::string_view subject, const RateRule& rule, SteadyTime now) {
    Account* const own = account_of(subject, now);
    Account& account = own == nullptr ? others_ : *own;
    account.per_second = rule.per_second;
    account.burst = rule.burst;
    fade(account, now);
    RateAnswer answer;
    answer.shared = own == nullptr;
    const bool rated = rule.per_second > 0;
    if (rated && account.spent + 1 > rule.burst) {
        answer.verdict = RateAnswer::Verdict::too_fast;
        answer.retry_after = std::max(after(account.spent + 1 - rule.burst, rule.per_second),
                                      std::chrono::milliseconds(1));
        answer.full_after = after(account.spent, rule.per_second);
        return answer;
    }
    if (rule.concurrency_max > 0 && account.running >= rule.concurrency_max) {
        answer.verdict = RateAnswer::Verdict::too_many_at_once;
        return answer;
    }
    answer.first = account.running == 0;
    ++account.running;
    if (rated) {
        account.spent += 1;
        ++account.untold;
        answer.remaining = static_cast<std::uint32_t>(rule.burst - account.spent);
        answer.full_after = after(account.spent, rule.per_second);
    }
    return answer;
}

bool RateBook::release(std::string_view subject, bool shared) {
    const auto found = accounts_.find(subject);
    Account& account = shared || found == accounts_.end() ? others_ : found->second;
    account.running -= account.running > 0 ? 1 : 0;
    return account.running == 0;
}

void RateBook::charge(std::string_view subject, std::uint32_t count, SteadyTime now) {
    Account* const account = account_of(subject, now);
    if (account != nullptr) {
        fade(*account, now);
        account->spent += count;
        fade(*account, now);
    }
}

void RateBook::take_usage(std::vector<RateUsage>& usage, std::chrono::duration<double> since) {
    for (auto& [subject, account] : accounts_) {
        const double worth = kWorthTelling * account.per_second * since.count();
        if (account.untold > 0 && account.untold >= worth) {
            usage.push_back({subject, account.untold});
            account.untold = 0;
        }
    }
}

}  // namespace pgmind::security
