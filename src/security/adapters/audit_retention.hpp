#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::security {

struct AuditRetention {
    std::vector<std::string> months;  ///< that were dropped, such as "2025_01"
    std::uint64_t records = 0;
    std::uint64_t logs = 0;  ///< that lost their first records
};

/// Drops the months before `month` ("2025_03"; at the latest the current one), all of it in one
/// transaction. Of each log that loses records the right edge of its tree is kept, so that what is
/// left can still be verified: were it wrong, no later checkpoint would fit. The act is itself put
/// on record. Needs the superuser, since nobody else owns the tables. invalid_argument for a month
/// that is none or lies ahead.
Task<Result<AuditRetention>> drop_audit_before(postgres::ConnectionOptions superuser,
                                               std::string month, Deadline deadline);

}  // namespace pgmind::security
