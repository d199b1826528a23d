#pragma once

#include <string_view>
#include <vector>

#include "platform/postgres/migrations.hpp"

namespace pgmind::security {

/// The schema of this context in the coordinator's database (numbers 03xx). Needs the roles
/// pgmind_owner and pgmind_gateway, and the right to act as the former.
std::vector<postgres::Migration> security_coordinator_migrations();

/// Of each shard database, after those of memory and intelligence: what SQL logins see.
std::vector<postgres::Migration> security_shard_migrations();
/// What an administrator runs in the coordinator's database, before the migrations: the
/// schema of the audit log, which no role that logs in may own. A transaction of its own; running
/// it again changes nothing. Lives as long as the process.
std::string_view security_coordinator_script();
/// The comment that it leaves on the schema pgmind_audit.
inline constexpr std::string_view kCoordinatorScriptVersion = "pgmind audit schema 1";

}  // namespace pgmind::security
