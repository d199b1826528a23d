#pragma once

#include "platform/config/config.hpp"
#include "security/adapters/security_runtime.hpp"

namespace pgmind::app {

/// Reads the sections [security.oidc.NAME] and security.client_certificates (which needs
/// http.tls_client_ca_file). Errors name the setting at fault.
Result<void> add_outside_identities(const config::Configuration& configuration,
                                    security::SecurityOptions& options);

}  // namespace pgmind::app
