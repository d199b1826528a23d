#pragma once

#include <vector>

#include "platform/postgres/migrations.hpp"

namespace pgmind::security {

/// The schema of this context in the coordinator's database (numbers 03xx). Needs the roles
/// pgmind_owner and pgmind_gateway, and the right to act as the former.
std::vector<postgres::Migration> security_coordinator_migrations();

/// Of each shard database, after those of memory and intelligence: what SQL logins see.
std::vector<postgres::Migration> security_shard_migrations();

}  // namespace pgmind::security
