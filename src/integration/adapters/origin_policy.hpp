#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/http/message.hpp"

namespace pgmind::integration {

/// Keeps browsers from being turned against the gateway: a page on another site (Origin), or a name
/// that an attacker points at this machine (DNS rebinding, Host). Programs that are no browsers
/// send no Origin and name the host that they were told, so they notice nothing. Immutable.
struct OriginPolicy {
    /// Origins from which pages may call, as browsers write them: "https://console.example.org".
    std::vector<std::string> allowed_origins;
    /// Names that this gateway goes by, without ports: "memory.example.org".
    std::vector<std::string> host_names;
    /// Host must be an address, localhost, one of `host_names` or the host of an allowed origin.
    /// False on a public listener whose operator gave no names: nobody else knows them.
    bool check_host = true;

    /// Errc::forbidden_origin or Errc::misdirected_host when the request is to be refused.
    /// With `host_optional` a request may have no Host field: HTTP/1.0, which no browser speaks, so
    /// that the plainest of probes can look at what is open to everybody.
    Result<void> check(const http::Headers& headers, bool host_optional) const;

  private:
    bool host_allowed(std::string_view host) const;
};

}  // namespace pgmind::integration
