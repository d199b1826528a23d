#pragma once

#include <string_view>
#include <vector>

#include "platform/postgres/migrations.hpp"

namespace pgmind::cluster {

/// Steps 1 to 99 of the coordinator's database: who may do what, shards, slot map.
std::vector<postgres::Migration> cluster_coordinator_migrations();

/// Steps 1 to 9 of both databases of a shard: who may do what.
std::vector<postgres::Migration> cluster_shard_migrations();

/// The script that makes the roles of a server; harmless when they are there.
std::string_view roles_script();

}  // namespace pgmind::cluster
