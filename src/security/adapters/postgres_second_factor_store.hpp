#pragma once

#include <memory>

#include "platform/postgres/pool.hpp"
#include "platform/postgres/session.hpp"
#include "security/app/second_factor_ports.hpp"

namespace pgmind::security {

/// On pgmind.second_factors and recovery_codes of the coordinator, through the pool of logins.
std::unique_ptr<SecondFactorStore> make_postgres_second_factor_store(postgres::Pool& coordinator);

/// Inside a transaction that holds the lock of the principal's password: makes the code useless for
/// another time. False when it was used before, or its secret is not the principal's any more.
/// Without a code: false when the principal has a confirmed second factor.
Task<Result<bool>> use_second_factor(postgres::Session& session, const PrincipalId& principal,
                                     const std::optional<SecondFactorUse>& use, Deadline deadline);

}  // namespace pgmind::security
