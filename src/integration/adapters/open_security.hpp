#pragma once

#include <memory>

#include "async/event_bus.hpp"
#include "security/api/security.hpp"

namespace pgmind::integration {

/// Security with authentication switched off (security.authentication = off, which the composition
/// root allows on loopback only): every caller is the administrator "anonymous", whatever key it
/// shows. Everything is still audited, and administration still works, through `inner`. One per
/// worker; both arguments outlive it.
std::unique_ptr<security::Security> make_open_security(security::Security& inner,
                                                       async::EventBus& bus);

}  // namespace pgmind::integration
