#pragma once

#include <memory>
#include <vector>

#include "cluster/app/ports.hpp"
#include "cluster/domain/node_layout.hpp"
#include "platform/postgres/migrations.hpp"

namespace pgmind::cluster {

struct CatalogOptions {
    NodeLayout layout;
    /// All of them, of every context, sorted by number.
    std::vector<postgres::Migration> coordinator_migrations;
    std::vector<postgres::Migration> shard_migrations;
};

/// The catalogue in the nodes' own databases. Used on the cluster's loop.
std::unique_ptr<Catalog> make_postgres_catalog(CatalogOptions options);

}  // namespace pgmind::cluster
