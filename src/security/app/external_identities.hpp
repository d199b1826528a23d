#pragma once

#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "security/api/principal.hpp"

namespace pgmind::security {

/// What became of a token that somebody else issued.
struct ExternalVerdict {
    PrincipalSnapshot principal;   ///< set only when it is let in
    std::string provider;          ///< ours for its issuer; empty when there is none
    std::string_view reason = {};  ///< why not; a literal
    /// Its key is not known: keys that are fetched now might say otherwise.
    bool key_unknown = false;
    /// There are no keys, or none that were confirmed lately: nothing can be said.
    bool keys_stale = false;
};

/// Identity providers outside, behind their anti-corruption layer.
class ExternalIdentities {
  public:
    virtual ~ExternalIdentities() = default;

    /// Thread-safe; no I/O, but the arithmetic of a signature.
    virtual ExternalVerdict check(std::string_view token, WallTime now,
                                  SteadyTime steady_now) const = 0;
    /// Fetches the provider's keys unless that was done a moment ago. Belongs to the security loop.
    /// What came of it shows in the next check().
    virtual Task<void> renew_keys(std::string provider, Deadline deadline) = 0;

    /// Fetches keys in good time until stop(). Belongs to the security loop.
    virtual Task<void> run() = 0;
    virtual void stop() = 0;
};

}  // namespace pgmind::security
