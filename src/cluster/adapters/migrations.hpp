#pragma once

#include <string_view>
#include <vector>

#include "platform/postgres/migrations.hpp"

namespace pgmind::cluster {

/// Steps 1 to 99 of the coordinator's database: who may do what, shards, slot map.
std::vector<postgres::Migration> cluster_coordinator_migrations();

/// Steps 1 to 9 of both databases of a shard: who may do what.
std::vector<postgres::Migration> cluster_shard_migrations();

/// A query or a script, by the name of its file: "missing_roles.sql".
std::string_view cluster_script(std::string_view name);

}  // namespace pgmind::cluster
