#pragma once

#include <string_view>

#include "base/result.hpp"
#include "platform/json/value.hpp"
#include "security/adapters/acl_oidc.hpp"

namespace pgmind::security {

/// Reads what the rules ask of a token's payload. Fails when a claim that is looked at has another
/// form than it must have: a token is understood wholly or not at all.
Result<TokenClaims> read_claims(const json::Object& payload, const OidcProvider& provider);

}  // namespace pgmind::security
