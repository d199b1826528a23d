#include "security/domain/names.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/text.hpp"

namespace pgmind::security {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_readable(std::string_view text) {
    const bool controls = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f;
    });
    return !controls && is_utf8(text);
}

Result<void> validate_pattern(std::string_view pattern, const std::string& field) {
    if (pattern.empty() || pattern.size() > kPatternBytesMax) {
        return fail(invalid_argument(field, "a namespace pattern has 1 to 512 bytes"));
    }
    if (!is_readable(pattern)) {
        return fail(
            invalid_argument(field, "a namespace pattern is UTF-8 without control characters"));
    }
    const auto stars = std::count(pattern.begin(), pattern.end(), '*');
    if (stars > static_cast<std::ptrdiff_t>(kPatternStarsMax)) {
        return fail(invalid_argument(field, "a namespace pattern has at most 8 stars"));
    }
    return {};
}

Result<void> validate_limit(const std::optional<std::uint32_t>& limit, std::uint32_t limit_max,
                            bool deny, const std::string& field) {
    if (limit && deny) {
        return fail(invalid_argument(field, "a grant that denies has no limits"));
    }
    if (limit && (*limit < 1 || *limit > limit_max)) {
        return fail(invalid_argument(field, "must be from 1 to " + std::to_string(limit_max)));
    }
    return {};
}

Result<void> validate_grant(const Grant& grant, const std::string& field) {
    if (grant.actions.empty()) {
        return fail(invalid_argument(field + ".actions", "names at least one action"));
    }
    if (grant.types.empty()) {
        return fail(invalid_argument(field + ".resource_types", "names at least one type"));
    }
    if (auto valid = validate_limit(grant.requests_per_second, kGrantRateMax, grant.deny,
                                    field + ".requests_per_second");
        !valid) {
        return valid;
    }
    if (auto valid = validate_limit(grant.concurrency_max, kGrantConcurrencyMax, grant.deny,
                                    field + ".concurrency_max");
        !valid) {
        return valid;
    }
    return validate_pattern(grant.namespace_pattern, field + ".namespace_pattern");
}

}  // namespace

Result<void> validate_principal_name(std::string_view name) {
    const bool characters = std::all_of(name.begin(), name.end(), [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
    });
    if (name.empty() || name.size() > kPrincipalNameMax || !characters ||
        !is_letter_or_digit(name.front())) {
        return fail(invalid_argument("name",
                                     "a principal's name has 1 to 64 of a-z 0-9 . _ - @ and begins "
                                     "with a letter or digit"));
    }
    return {};
}

Result<void> validate_grants(const std::vector<Grant>& grants) {
    if (grants.size() > kGrantsMax) {
        return fail(invalid_argument("grants", "a principal has at most 64 grants"));
    }
    for (std::size_t i = 0; i < grants.size(); ++i) {
        const auto valid = validate_grant(grants[i], "grants[" + std::to_string(i) + "]");
        if (!valid) {
            return valid;
        }
    }
    return {};
}

Result<void> validate_label(std::string_view label) {
    if (label.size() > kLabelBytesMax || !is_readable(label)) {
        return fail(invalid_argument(
            "label", "a label has at most 128 bytes of UTF-8 without control characters"));
    }
    return {};
}

Result<void> validate_ttl(std::optional<std::chrono::seconds> ttl) {
    if (ttl && (ttl->count() < 1 || *ttl > kTtlMax)) {
        return fail(invalid_argument("ttl", "a key lives 1 second to 3,660 days"));
    }
    return {};
}

}  // namespace pgmind::security
