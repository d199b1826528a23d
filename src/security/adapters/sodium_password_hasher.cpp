#include "security/adapters/sodium_password_hasher.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "async/blocking_pool.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/crypto/password_strength.hpp"
#include "security/api/errors.hpp"

namespace pgmind::security {
namespace {

std::size_t threads_of(const HashingLimits& limits) {
    const std::size_t processors = std::thread::hardware_concurrency();
    return limits.threads > 0 ? limits.threads : std::max<std::size_t>(processors, 2) - 1;
}

// The work of one login, on a thread of the pool.
Result<PasswordCheck> check_now(const std::optional<std::string>& hash, const std::string& dummy,
                                std::string password, crypto::PasswordCost cost) {
    const auto right = crypto::verify_password(hash.value_or(dummy), password);
    PasswordCheck check;
    if (!right) {
        crypto::wipe(password);
        return fail(right.error());
    }
    check.right = *right && hash.has_value();
    if (check.right) {
        const auto made_with = crypto::cost_of(*hash);
        if (made_with &&
            (made_with->memory_kib < cost.memory_kib || made_with->passes < cost.passes)) {
            auto rehashed = crypto::hash_password(password, cost);
            // Without memory for it the old hash stays, until the next login.
            if (rehashed) {
                check.rehashed = std::move(*rehashed);
            }
        }
    }
    crypto::wipe(password);
    return check;
}

// The guesses that 10^8 need are zxcvbn's own border between what resists somebody who tries at a
// server and what does not.
constexpr double kStrengthBitsMin = 26.6;

Result<std::string> hash_now(std::string password, crypto::PasswordCost cost) {
    if (crypto::password_strength_bits(password) < kStrengthBitsMin) {
        crypto::wipe(password);
        return fail(invalid_argument("password",
                                     "this password is too easy to guess: it is a common one, or "
                                     "made of words, names, dates or rows of keys that are; "
                                     "several unrelated words are better"));
    }
    auto hash = crypto::hash_password(password, cost);
    crypto::wipe(password);
    return hash;
}

class SodiumPasswordHasher final : public PasswordHasher {
  public:
    SodiumPasswordHasher(HashingLimits limits, std::string dummy)
        : limits_(limits),
          dummy_(std::move(dummy)),
          pool_(threads_of(limits), 2 * threads_of(limits)) {}

    Task<Result<PasswordCheck>> check(std::optional<std::string> hash, std::string password,
                                      Deadline deadline) override {
        auto work = [hash = std::move(hash), &dummy = dummy_, password = std::move(password),
                     cost = limits_.cost]() mutable {
            return check_now(hash, dummy, std::move(password), cost);
        };
        const Deadline limit = deadline.capped(limits_.wait_max);
        ++in_flight_;
        auto done = co_await pool_.run(std::move(work), limit);
        --in_flight_;
        if (!done) {
            co_return fail(busy());
        }
        co_return std::move(*done);
    }

    Task<Result<std::string>> hash(std::string password, Deadline deadline) override {
        auto work = [password = std::move(password), cost = limits_.cost]() mutable {
            return hash_now(std::move(password), cost);
        };
        const Deadline limit = deadline.capped(limits_.wait_max);
        ++in_flight_;
        auto done = co_await pool_.run(std::move(work), limit);
        --in_flight_;
        if (!done) {
            co_return fail(busy());
        }
        co_return std::move(*done);
    }

    std::size_t calls_in_flight() const override { return in_flight_; }

  private:
    static Error busy() {
        return {Errc::hashing_busy, "more passwords arrive than can be checked; try again"};
    }

    HashingLimits limits_;
    std::string dummy_;
    std::atomic<std::size_t> in_flight_{0};
    async::BlockingPool pool_;
};

}  // namespace

Result<std::unique_ptr<PasswordHasher>> make_password_hasher(HashingLimits limits) {
    std::array<std::uint8_t, 32> nobody_knows;
    crypto::fill_random(nobody_knows);
    auto dummy = crypto::hash_password(crypto::to_hex(nobody_knows), limits.cost);
    if (!dummy) {
        return fail(std::move(dummy.error()));
    }
    return std::make_unique<SodiumPasswordHasher>(limits, std::move(*dummy));
}

}  // namespace pgmind::security
