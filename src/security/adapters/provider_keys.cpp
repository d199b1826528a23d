#include "security/adapters/provider_keys.hpp"

#include <utility>

#include "platform/telemetry/log.hpp"

namespace pgmind::security {
namespace {

constexpr std::chrono::seconds kFetchTimeout{5};
constexpr crypto::KeySetLimits kKeySetLimits;

}  // namespace

ProviderKeys::ProviderKeys(Executor loop, const OidcProvider& provider, http::Client client,
                           std::string target)
    : name_(provider.rules.name),
      renew_every_(provider.renew_keys_every),
      cooldown_(provider.key_cooldown),
      age_max_(provider.key_age_max),
      client_(std::move(client)),
      target_(std::move(target)),
      wake_(loop),
      fetched_(loop) {}

std::shared_ptr<const crypto::KeySet> ProviderKeys::current(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    return keys_ != nullptr && now - confirmed_at_ <= age_max_ ? keys_ : nullptr;
}

void ProviderKeys::publish(std::shared_ptr<const crypto::KeySet> keys, SteadyTime asked_at) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    confirmed_at_ = asked_at;
}

Task<Result<void>> ProviderKeys::fetch() {
    const SteadyTime asked_at = std::chrono::steady_clock::now();
    http::Headers headers;
    headers.add("Accept", "application/jwk-set+json, application/json");
    const Deadline deadline = Deadline::after(kFetchTimeout);
    auto response = co_await client_.send("GET", target_, std::move(headers), "", deadline);
    if (!response) {
        co_return fail(std::move(response.error()));
    }
    if (response->status != 200) {
        co_return fail(BaseErrc::unavailable,
                       "it answered " + std::to_string(response->status) + " instead of keys");
    }
    auto keys = crypto::KeySet::parse(response->body, kKeySetLimits);
    if (!keys) {
        co_return fail(std::move(keys.error()));
    }
    publish(std::make_shared<const crypto::KeySet>(std::move(*keys)), asked_at);
    co_return Result<void>();
}

Task<void> ProviderKeys::renew(Deadline deadline) {
    if (fetching_) {
        static_cast<void>(co_await fetched_.wait_until(deadline.capped(kFetchTimeout)));
        co_return;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (last_fetch_ && now - *last_fetch_ < cooldown_) {
        co_return;
    }
    fetching_ = true;
    last_fetch_ = now;
    const Result<void> fetched = co_await fetch();
    fetching_ = false;
    fetched_.notify_all();
    if (!fetched) {
        log::warning("keys of an identity provider cannot be fetched",
                     {{"provider", name_}, {"problem", fetched.error().detail}});
    } else if (failing_) {
        log::info("keys of an identity provider are fetched again", {{"provider", name_}});
    }
    failing_ = !fetched.has_value();
}

Task<void> ProviderKeys::run() {
    while (!stopping_) {
        co_await renew(Deadline::after(kFetchTimeout));
        const std::chrono::seconds pause =
            failing_ ? std::min(cooldown_, renew_every_) : renew_every_;
        if (!stopping_) {
            static_cast<void>(co_await wake_.wait_until(Deadline::after(pause)));
        }
    }
}

void ProviderKeys::stop() {
    stopping_ = true;
    wake_.notify_all();
}

}  // namespace pgmind::security
