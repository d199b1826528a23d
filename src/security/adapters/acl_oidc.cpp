#include "security/adapters/acl_oidc.hpp"

#include <algorithm>
#include <span>

#include "platform/crypto/crypto.hpp"
#include "platform/crypto/jws.hpp"
#include "security/adapters/provider_keys.hpp"
#include "security/adapters/token_claims.hpp"
#include "security/adapters/verified_tokens.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kTokenBytesMax = std::size_t{8} * 1024;
constexpr std::size_t kProvidersMax = 16;
constexpr std::size_t kKeySetBytesMax = crypto::KeySetLimits{}.bytes_max;
constexpr json::ReadLimits kPayloadLimits{.bytes_max = kTokenBytesMax, .depth_max = 16};

struct KeysAddress {
    std::string base_url;
    std::string target;
};

// Where scheme and authority end and the path begins.
KeysAddress address_of(const std::string& url) {
    const std::size_t authority = url.find("://");
    const std::size_t path =
        authority == std::string::npos ? authority : url.find_first_of("/?#", authority + 3);
    if (path == std::string::npos) {
        return {url, "/"};
    }
    return {url.substr(0, path), url.substr(path)};
}

bool is_on_this_machine(std::string_view base_url) {
    constexpr std::string_view kHosts[] = {"http://127.0.0.1", "http://[::1]", "http://localhost"};
    return std::any_of(std::begin(kHosts), std::end(kHosts), [&](std::string_view host) {
        return base_url == host || (base_url.starts_with(host) && base_url[host.size()] == ':');
    });
}

Result<void> validate_keys_url(const OidcProvider& provider) {
    const KeysAddress address = address_of(provider.keys_url);
    const bool allowed = address.base_url.starts_with("https://") ||
                         (provider.plain_http && is_on_this_machine(address.base_url));
    if (!allowed || address.base_url.find('@') != std::string::npos) {
        return fail(
            invalid_argument("keys_url", "the keys of provider '" + provider.rules.name +
                                             "' must come by https (or, where that is allowed for "
                                             "tests, by http from this machine)"));
    }
    return {};
}

// A UUID (version 8, RFC 9562) that one subject of one issuer has always, here and on every other
// gateway of the cluster.
PrincipalId id_of(const KeyCryptography& cryptography, const TokenClaims& claims) {
    std::string message = "pgmind external principal 1\n";
    message += std::to_string(claims.issuer.size()) + ":" + claims.issuer + claims.subject;
    KeyDigest digest = cryptography.digest(message);
    digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x80);
    digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);
    std::string text = crypto::to_hex(std::span(digest).first(16));
    for (const std::size_t place : {8, 13, 18, 23}) {
        text.insert(place, 1, '-');
    }
    return PrincipalId(std::move(text));
}

class OidcIdentities final : public ExternalIdentities {
  public:
    OidcIdentities(Executor loop, const KeyCryptography& cryptography)
        : loop_(loop), cryptography_(cryptography), ended_(loop) {}

    void add(OidcProvider provider, http::Client client, std::string target) {
        auto keys =
            std::make_unique<ProviderKeys>(loop_, provider, std::move(client), std::move(target));
        known_.push_back(
            {std::move(provider), std::move(keys), std::make_unique<VerifiedTokens>()});
    }

    ExternalVerdict check(std::string_view token, WallTime now,
                          SteadyTime steady_now) const override {
        ExternalVerdict verdict;
        const auto parsed = crypto::CompactJws::parse(token, kTokenBytesMax);
        const auto payload = parsed ? json::parse_object(parsed->payload, kPayloadLimits)
                                    : fail(BaseErrc::invalid_argument, "");
        if (!payload) {
            verdict.reason = "malformed token";
            return verdict;
        }
        // Only which rules and keys are asked is taken from it before its signature is checked.
        const Known* known = find_issuer(*payload);
        if (known == nullptr) {
            verdict.reason = "unknown issuer";
            return verdict;
        }
        verdict.provider = known->provider.rules.name;
        check_signature(token, *parsed, *known, steady_now, verdict);
        if (verdict.reason.empty()) {
            check_claims(*parsed, *payload, *known, now, verdict);
        }
        return verdict;
    }

    Task<void> renew_keys(std::string provider, Deadline deadline) override {
        for (const Known& known : known_) {
            if (known.provider.rules.name == provider) {
                co_await known.keys->renew(deadline);
            }
        }
    }

    Task<void> run() override {
        for (const Known& known : known_) {
            ++running_;
            async::spawn(loop_, run_one(*known.keys));
        }
        while (running_ > 0) {
            co_await ended_.wait();
        }
    }

    void stop() override {
        for (const Known& known : known_) {
            known.keys->stop();
        }
    }

  private:
    struct Known {
        OidcProvider provider;
        std::unique_ptr<ProviderKeys> keys;
        std::unique_ptr<VerifiedTokens> verified;
    };

    Task<void> run_one(ProviderKeys& keys) {
        co_await keys.run();
        --running_;
        ended_.notify_all();
    }

    const Known* find_issuer(const json::Object& payload) const {
        const json::Value* issuer = payload.find("iss");
        const std::string name = issuer == nullptr ? "" : json::decode_string(*issuer);
        const auto found = std::find_if(known_.begin(), known_.end(), [&](const Known& known) {
            return known.provider.rules.issuer == name;
        });
        return found == known_.end() ? nullptr : &*found;
    }

    static void check_signature(std::string_view text, const crypto::CompactJws& token,
                                const Known& known, SteadyTime now, ExternalVerdict& verdict) {
        const auto keys = known.keys->current(now);
        if (keys == nullptr) {
            verdict.keys_stale = true;
            verdict.reason = "no keys of the provider";
            return;
        }
        if (known.verified->knows(keys, text)) {
            return;
        }
        const crypto::VerificationKey* key = keys->find(token.key_id);
        if (key == nullptr) {
            verdict.key_unknown = true;
            verdict.reason = "unknown key of the provider";
        } else if (!crypto::verify(token, *key)) {
            verdict.reason = "wrong signature";
        } else {
            known.verified->remember(keys, text);
        }
    }

    void check_claims(const crypto::CompactJws& token, const json::Object& payload,
                      const Known& known, WallTime now, ExternalVerdict& verdict) const {
        auto claims = read_claims(payload, known.provider);
        if (!claims) {
            verdict.reason = "malformed claims";
            return;
        }
        claims->type = token.type;
        verdict.reason = refusal(*claims, known.provider.rules, now);
        if (verdict.reason.empty()) {
            PrincipalId id = id_of(cryptography_, *claims);
            verdict.principal = std::make_shared<const Principal>(
                principal_of(*claims, known.provider.rules, std::move(id)));
        }
    }

    Executor loop_;
    const KeyCryptography& cryptography_;
    std::vector<Known> known_;
    async::Notifier ended_;
    int running_ = 0;
};

}  // namespace

Result<void> validate_providers(const std::vector<OidcProvider>& providers) {
    if (providers.size() > kProvidersMax) {
        return fail(invalid_argument("providers", "at most 16 identity providers"));
    }
    for (const OidcProvider& provider : providers) {
        if (auto valid = validate_rules(provider.rules); !valid) {
            return valid;
        }
        if (auto valid = validate_keys_url(provider); !valid) {
            return valid;
        }
        const auto same = [&](const OidcProvider& other) {
            return other.rules.issuer == provider.rules.issuer;
        };
        if (std::count_if(providers.begin(), providers.end(), same) > 1) {
            return fail(invalid_argument(
                "issuer", "two identity providers have the issuer " + provider.rules.issuer));
        }
    }
    return {};
}

Result<std::unique_ptr<ExternalIdentities>> make_oidc_identities(
    std::vector<OidcProvider> providers, boost::asio::io_context& loop,
    async::BlockingPool& blocking, const KeyCryptography& cryptography) {
    if (auto valid = validate_providers(providers); !valid) {
        return fail(std::move(valid.error()));
    }
    auto identities = std::make_unique<OidcIdentities>(loop.get_executor(), cryptography);
    for (OidcProvider& provider : providers) {
        KeysAddress address = address_of(provider.keys_url);
        http::ClientOptions options;
        options.base_url = std::move(address.base_url);
        options.tls_ca_file = provider.ca_file;
        options.response_bytes_max = kKeySetBytesMax;
        options.connections_max = 1;
        auto client = http::Client::make(loop, blocking, std::move(options));
        if (!client) {
            return fail(std::move(client.error()));
        }
        identities->add(std::move(provider), std::move(*client), std::move(address.target));
    }
    return identities;
}

}  // namespace pgmind::security
