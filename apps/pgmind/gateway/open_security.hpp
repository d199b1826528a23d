#pragma once

#include <memory>

#include "security/api/security.hpp"

namespace pgmind::app {

/// Security without authentication (security.authentication = off): whoever calls is the principal
/// "anonymous" with role admin. For conformance suites that can send no key; the gateway refuses to
/// start with it unless it listens on a loopback address. Everything else, the audit log included,
/// is `inner`'s.
std::unique_ptr<security::Security> make_open_security(std::unique_ptr<security::Security> inner);

}  // namespace pgmind::app
