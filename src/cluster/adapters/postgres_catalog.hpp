#pragma once

#include <memory>
#include <vector>

#include "cluster/adapters/postgres_server_setup.hpp"
#include "cluster/app/ports.hpp"
#include "platform/postgres/migrations.hpp"

namespace pgmind::cluster {

struct CatalogOptions {
    ServerSetup setup;
    /// All of them, of every context, sorted by number.
    std::vector<postgres::Migration> coordinator_migrations;
    std::vector<postgres::Migration> shard_migrations;
    /// What takes the place of those of the same number where vectors are pgvector's.
    std::vector<postgres::Migration> pgvector_migrations;
};

/// The catalogue in the nodes' own databases. Used on the cluster's loop.
std::unique_ptr<Catalog> make_postgres_catalog(CatalogOptions options);

}  // namespace pgmind::cluster
