#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "security/api/principal.hpp"

namespace pgmind::security {

inline constexpr std::size_t kProviderNameMax = 16;
inline constexpr std::size_t kExternalNameMax = 96;
inline constexpr std::size_t kClaimValuesMax = 64;  ///< of one claim

/// What a value of the role claim gives.
struct RoleMapping {
    std::string claim_value;
    Role role = Role::readonly;
    /// Empty: the namespaces that the token names. Only from here comes access to all of them.
    std::string namespace_pattern;

    /// "VALUE=ROLE" or "VALUE=ROLE@PATTERN".
    static Result<RoleMapping> parse(std::string_view text);
};

/// What is believed of one issuer of tokens.
struct ProviderRules {
    std::string name;  ///< a-z 0-9 -, at most 16: names of its principals begin with it and ":"
    std::string issuer;
    std::string audience;
    std::string token_type = "at+jwt";
    PrincipalKind kind = PrincipalKind::user;
    std::vector<RoleMapping> roles;
    std::chrono::seconds clock_skew{30};
    std::chrono::seconds lifetime_max{3'600};
};

/// invalid_argument when the rules could let in more than somebody meant.
Result<void> validate_rules(const ProviderRules& rules);

/// What a token says whose signature was right. Times are Unix seconds.
struct TokenClaims {
    std::string type;  ///< "typ" of the header
    std::string issuer;
    std::string subject;
    std::vector<std::string> audiences;
    std::optional<std::int64_t> expires_at;
    std::optional<std::int64_t> not_before;
    std::optional<std::int64_t> issued_at;
    std::string name;  ///< of the principal, without the provider's prefix
    std::string kind;  ///< empty: that of the rules
    std::vector<std::string> roles;
    std::vector<std::string> namespaces;
};

/// Why the token is not for us, or not now; empty when it is. Literals, for the audit record.
std::string_view refusal(const TokenClaims& claims, const ProviderRules& rules, WallTime now);

/// Who the token is about, with the grants that its claims give: none for what they do not say.
/// `id` is the same for one subject of one issuer always. The claims passed refusal().
Principal principal_of(const TokenClaims& claims, const ProviderRules& rules, PrincipalId id);

}  // namespace pgmind::security
