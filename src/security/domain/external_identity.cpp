#include "security/domain/external_identity.hpp"

#include <algorithm>

#include "security/domain/names.hpp"

namespace pgmind::security {
namespace {

// Larger times are not of this world, and smaller ones cannot overflow below.
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // The end of the year 9999.

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
}

// RFC 7515, section 4.1.9: "application/" may be left out.
bool is_type(std::string_view type, std::string_view wanted) {
    constexpr std::string_view prefix = "application/";
    if (type.size() > prefix.size() && equal_ignoring_case(type.substr(0, prefix.size()), prefix)) {
        type.remove_prefix(prefix.size());
    }
    return equal_ignoring_case(type, wanted);
}

bool is_time(const std::optional<std::int64_t>& seconds) {
    return seconds && *seconds >= 0 && *seconds <= kSecondsMax;
}

WallTime time_of(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(seconds));
}

std::string_view time_refusal(const TokenClaims& claims, const ProviderRules& rules, WallTime now) {
    if (!is_time(claims.expires_at) || !is_time(claims.issued_at) ||
        (claims.not_before && !is_time(claims.not_before))) {
        return "token without its times";
    }
    if (now >= time_of(*claims.expires_at) + rules.clock_skew) {
        return "token expired";
    }
    if (time_of(*claims.issued_at) > now + rules.clock_skew ||
        (claims.not_before && time_of(*claims.not_before) > now + rules.clock_skew)) {
        return "token not valid yet";
    }
    // Nobody can call a token back, so it must end by itself soon.
    if (*claims.expires_at - *claims.issued_at > rules.lifetime_max.count()) {
        return "token valid for too long";
    }
    return "";
}

// Safe in logs, terminals and audit records.
bool is_external_name(std::string_view name) {
    return !name.empty() && name.size() <= kExternalNameMax &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '\'' && c != '<' &&
                      c != '>';
           });
}

// A pattern of a token may not begin with a star: whoever may write a claim cannot name namespaces
// that he does not know a beginning of.
bool is_bounded(std::string_view pattern) {
    return !pattern.empty() && pattern.front() != '*';
}

std::vector<Grant> grants_of(const TokenClaims& claims, const ProviderRules& rules) {
    std::vector<Grant> grants;
    for (const RoleMapping& mapping : rules.roles) {
        if (std::find(claims.roles.begin(), claims.roles.end(), mapping.claim_value) ==
            claims.roles.end()) {
            continue;
        }
        if (!mapping.namespace_pattern.empty()) {
            grants.push_back({mapping.role, mapping.namespace_pattern});
            continue;
        }
        for (const std::string& pattern : claims.namespaces) {
            grants.push_back({mapping.role, pattern});
        }
    }
    return grants;
}

}  // namespace

Result<RoleMapping> RoleMapping::parse(std::string_view text) {
    const auto wrong = [&] {
        return fail(invalid_argument("roles", "'" + std::string(text) +
                                                  "' is not of the form VALUE=ROLE or "
                                                  "VALUE=ROLE@PATTERN"));
    };
    const std::size_t equals = text.rfind('=');
    if (equals == std::string_view::npos || equals == 0) {
        return wrong();
    }
    const std::string_view right = text.substr(equals + 1);
    const std::size_t at = right.find('@');
    auto role = parse_role(right.substr(0, at));
    if (!role) {
        return fail(std::move(role.error()));
    }
    RoleMapping mapping{std::string(text.substr(0, equals)), *role, ""};
    if (at != std::string_view::npos) {
        mapping.namespace_pattern = right.substr(at + 1);
        if (auto valid = validate_grants({{*role, mapping.namespace_pattern}}); !valid) {
            return wrong();
        }
    }
    return mapping;
}

Result<void> validate_rules(const ProviderRules& rules) {
    const bool characters = std::all_of(rules.name.begin(), rules.name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (rules.name.empty() || rules.name.size() > kProviderNameMax || !characters) {
        return fail(invalid_argument("name", "a provider's name has 1 to 16 of a-z 0-9 -"));
    }
    if (rules.issuer.empty() || rules.audience.empty()) {
        return fail(invalid_argument(
            "issuer", "issuer and audience must be set: tokens for others are not for pgmind"));
    }
    if (rules.roles.empty()) {
        return fail(
            invalid_argument("roles", "roles must be set: without it no token may do a thing"));
    }
    return {};
}

std::string_view refusal(const TokenClaims& claims, const ProviderRules& rules, WallTime now) {
    if (claims.issuer != rules.issuer) {
        return "wrong issuer";
    }
    if (std::find(claims.audiences.begin(), claims.audiences.end(), rules.audience) ==
        claims.audiences.end()) {
        return "wrong audience";
    }
    if (!is_type(claims.type, rules.token_type)) {
        return "wrong type of token";
    }
    if (const std::string_view reason = time_refusal(claims, rules, now); !reason.empty()) {
        return reason;
    }
    if (claims.subject.empty() || !is_external_name(claims.name)) {
        return "token without a usable name";
    }
    if (!claims.kind.empty() && !parse_principal_kind(claims.kind)) {
        return "token of an unknown kind of principal";
    }
    if (!std::all_of(claims.namespaces.begin(), claims.namespaces.end(), is_bounded)) {
        return "token for namespaces without a beginning";
    }
    return validate_grants(grants_of(claims, rules)) ? ""
                                                     : "token with too many or malformed grants";
}

Principal principal_of(const TokenClaims& claims, const ProviderRules& rules, PrincipalId id) {
    Principal principal;
    principal.id = std::move(id);
    principal.name = rules.name + ":" + claims.name;
    principal.kind =
        claims.kind.empty() ? rules.kind : parse_principal_kind(claims.kind).value_or(rules.kind);
    principal.grants = grants_of(claims, rules);
    principal.provider = rules.name;
    principal.valid_until = time_of(claims.expires_at.value_or(0)) + rules.clock_skew;
    return principal;
}

}  // namespace pgmind::security
