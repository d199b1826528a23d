#include "integration/adapters/origin_policy.hpp"

#include <algorithm>
#include <string_view>

#include "integration/adapters/errors.hpp"

namespace pgmind::integration {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    return result;
}

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) {
        return host.substr(0, host.find(']') + 1);
    }
    return host.substr(0, host.find(':'));
}

// "https://host:port" -> "host:port"; empty when it is no origin ("null").
std::string_view authority_of(std::string_view origin) {
    const std::size_t mark = origin.find("://");
    return mark == std::string_view::npos ? std::string_view() : origin.substr(mark + 3);
}

// An address cannot be made to point elsewhere. A last label of digits only makes it an address
// for browsers too.
bool is_address(std::string_view name) {
    const auto numeric = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
    return name.starts_with('[') ||
           (!name.empty() && std::all_of(name.begin(), name.end(), numeric));
}

}  // namespace

bool OriginPolicy::host_allowed(std::string_view host) const {
    const std::string name = lower(without_port(host));
    if (is_address(name) || name == "localhost" || name.ends_with(".localhost")) {
        return true;
    }
    return std::any_of(host_names.begin(), host_names.end(),
                       [&](const std::string& own) { return lower(own) == name; }) ||
           std::any_of(allowed_origins.begin(), allowed_origins.end(),
                       [&](const std::string& origin) {
                           return lower(without_port(authority_of(origin))) == name;
                       });
}

Result<void> OriginPolicy::check(const http::Headers& headers, bool host_optional) const {
    const auto given_host = headers.find("Host");
    const std::string_view host = given_host.value_or("");
    const bool excused = host_optional && !given_host;
    if (check_host && !excused && !host_allowed(host)) {
        return fail(Errc::misdirected_host,
                    "the Host field names neither this machine, nor one of http.host_names, nor an "
                    "allowed origin",
                    "Host");
    }
    const auto origin = headers.find("Origin");
    if (!origin) {
        return {};
    }
    const std::string given = lower(*origin);
    const bool own = !host.empty() && authority_of(given) == lower(host);
    const bool listed =
        std::any_of(allowed_origins.begin(), allowed_origins.end(),
                    [&](const std::string& allowed) { return lower(allowed) == given; });
    if (own || listed) {
        return {};
    }
    return fail(Errc::forbidden_origin, "the Origin is not one of http.allowed_origins", "Origin");
}

}  // namespace pgmind::integration
