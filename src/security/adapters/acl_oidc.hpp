#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "security/app/external_identities.hpp"
#include "security/app/ports.hpp"
#include "security/domain/external_identity.hpp"

namespace pgmind::security {

/// An OpenID Connect provider, or any other issuer of signed JSON Web Tokens (RFC 9068).
struct OidcProvider {
    ProviderRules rules;
    // Claims are found by name, or by path ("realm_access.roles").
    std::string name_claim = "sub";
    std::string kind_claim;  ///< empty: the kind is that of the rules
    std::string role_claim = "roles";
    std::string namespace_claim;  ///< empty: only role mappings with a pattern give anything

    std::string keys_url;     ///< of the JSON Web Key Set; asked, never found out from a token
    std::string ca_file;      ///< trusted for keys_url; empty: the system's authorities
    bool plain_http = false;  ///< allowed for keys_url on this machine; for tests
    std::chrono::seconds renew_keys_every{600};
    std::chrono::seconds key_cooldown{30};    ///< between two fetches, whatever tokens say
    std::chrono::seconds key_age_max{3'600};  ///< unconfirmed keys are not believed for longer
};

/// Fails with invalid_argument on rules that cannot be meant, and on keys_url that is not https.
/// `loop` is the security loop; it, the pool and `cryptography` outlive the result.
Result<std::unique_ptr<ExternalIdentities>> make_oidc_identities(
    std::vector<OidcProvider> providers, boost::asio::io_context& loop,
    async::BlockingPool& blocking, const KeyCryptography& cryptography);

/// The checks of make_oidc_identities() alone.
Result<void> validate_providers(const std::vector<OidcProvider>& providers);

}  // namespace pgmind::security
