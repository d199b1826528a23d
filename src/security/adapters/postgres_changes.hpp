#pragma once

#include "platform/postgres/session.hpp"
#include "security/domain/changes.hpp"

namespace pgmind::security {

/// Writes one change inside the transaction that `session` has open.
Task<Result<void>> write_change(postgres::Session& session, const Change& change,
                                Deadline deadline);

}  // namespace pgmind::security
