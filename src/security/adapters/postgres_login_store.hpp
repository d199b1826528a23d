#pragma once

#include <memory>

#include "platform/postgres/pool.hpp"
#include "security/app/login_ports.hpp"

namespace pgmind::security {

/// On pgmind.passwords, login_throttle and sessions of the coordinator. The pool is of its own, so
/// that a flood of logins stands in nobody's way; it outlives them.
std::unique_ptr<LoginStore> make_postgres_login_store(postgres::Pool& coordinator,
                                                      ThrottleRules rules);
std::unique_ptr<SessionStore> make_postgres_session_store(postgres::Pool& coordinator);

}  // namespace pgmind::security
