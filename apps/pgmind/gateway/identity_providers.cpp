#include "gateway/identity_providers.hpp"

namespace pgmind::app {
namespace {

using security::CertificateMapping;
using security::OidcProvider;

constexpr std::string_view kSection = "security.oidc";

Result<OidcProvider> provider_of(const config::Configuration& configuration,
                                 const std::string& name) {
    const std::string section = std::string(kSection) + "." + name + ".";
    const auto text = [&](std::string_view setting) {
        return configuration.text(section + std::string(setting));
    };
    const auto seconds = [&](std::string_view setting) {
        return std::chrono::seconds(configuration.integer(section + std::string(setting)));
    };
    OidcProvider provider;
    provider.rules.name = name;
    provider.rules.issuer = text("issuer");
    provider.rules.audience = text("audience");
    provider.rules.token_type = text("token_type");
    provider.rules.clock_skew = seconds("clock_skew_seconds");
    provider.rules.lifetime_max = seconds("lifetime_seconds_max");
    const auto kind = security::parse_principal_kind(text("kind"));
    if (!kind) {
        return fail(kind.error());
    }
    provider.rules.kind = *kind;
    for (const std::string& entry : configuration.list(section + "roles")) {
        auto mapping = security::RoleMapping::parse(entry);
        if (!mapping) {
            return fail(
                invalid_argument(section + "roles", section + "roles: " + mapping.error().detail));
        }
        provider.rules.roles.push_back(std::move(*mapping));
    }
    provider.name_claim = text("name_claim");
    provider.kind_claim = text("kind_claim");
    provider.role_claim = text("role_claim");
    provider.namespace_claim = text("namespace_claim");
    provider.keys_url = text("keys_url");
    provider.ca_file = text("ca_file");
    provider.plain_http = configuration.boolean(section + "plain_http");
    provider.renew_keys_every = seconds("renew_keys_seconds");
    provider.key_cooldown = seconds("key_cooldown_seconds");
    // Twice missed is bad luck; three times, and a key that was withdrawn could still be believed.
    provider.key_age_max = 3 * provider.renew_keys_every;
    return provider;
}

Result<std::vector<OidcProvider>> identity_providers(const config::Configuration& configuration) {
    std::vector<OidcProvider> providers;
    for (const std::string& name : configuration.members(kSection)) {
        auto provider = provider_of(configuration, name);
        if (!provider) {
            return fail(std::move(provider.error()));
        }
        providers.push_back(std::move(*provider));
    }
    if (auto valid = security::validate_providers(providers); !valid) {
        return fail(invalid_argument(std::string(kSection),
                                     std::string(kSection) + ": " + valid.error().detail));
    }
    return providers;
}

Result<std::vector<CertificateMapping>> client_certificates(
    const config::Configuration& configuration) {
    constexpr const char* kSetting = "security.client_certificates";
    std::vector<CertificateMapping> mappings;
    for (const std::string& entry : configuration.list(kSetting)) {
        auto mapping = CertificateMapping::parse(entry);
        if (!mapping) {
            return fail(
                invalid_argument(kSetting, std::string(kSetting) + ": " + mapping.error().detail));
        }
        mappings.push_back(std::move(*mapping));
    }
    const std::string& authorities = configuration.text("http.tls_client_ca_file");
    if (!authorities.empty() && configuration.text("http.tls_certificate_file").empty()) {
        return fail(invalid_argument("http.tls_client_ca_file",
                                     "http.tls_client_ca_file needs http.tls_certificate_file: "
                                     "certificates are shown over TLS"));
    }
    if (!mappings.empty() && authorities.empty()) {
        return fail(invalid_argument(
            kSetting, std::string(kSetting) + " needs http.tls_client_ca_file: whose certificates "
                                              "are to be taken"));
    }
    return mappings;
}

}  // namespace

Result<void> add_outside_identities(const config::Configuration& configuration,
                                    security::SecurityOptions& options) {
    auto providers = identity_providers(configuration);
    if (!providers) {
        return fail(std::move(providers.error()));
    }
    auto certificates = client_certificates(configuration);
    if (!certificates) {
        return fail(std::move(certificates.error()));
    }
    options.providers = std::move(*providers);
    options.certificates = std::move(*certificates);
    return {};
}

}  // namespace pgmind::app
