#pragma once

#include <memory>
#include <string>

#include "security/api/security.hpp"

namespace pgmind::app {

/// Security for callers that can send no key (security.authentication = off), such as conformance
/// suites: a request without a key counts as one with `default_key`. A key that is sent is checked
/// as ever, and everything else, the audit log included, is `inner`'s. The gateway refuses to start
/// with it unless it listens on a loopback address.
std::unique_ptr<security::Security> make_open_security(std::unique_ptr<security::Security> inner,
                                                       std::string default_key);

}  // namespace pgmind::app
