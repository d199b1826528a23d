#pragma once

#include "ruhnsw/tenant.hpp"

namespace pgmind::ruhnsw {

// Opens an index for one of the functions that tell about it: of this access method, and readable
// by the caller (who may read the table, or holds pg_stat_scan_tables). AccessShareLock.
Relation open_reported_index(Oid index);

}  // namespace pgmind::ruhnsw
