#pragma once

#include <memory>

#include "cluster/api/vector_extension.hpp"
#include "intelligence/app/keep_vector_index.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::intelligence {

/// The vector index of one database; with pgvector one for each number of dimensions that has
/// vectors enough, of which each look sees to one. `database` logs in as a role that may act for
/// the owner of the tables, since only an owner makes indexes and vacuums. Belongs to one loop.
std::unique_ptr<VectorIndexStore> make_postgres_vector_index(postgres::ConnectionOptions database,
                                                             cluster::VectorExtension extension);

}  // namespace pgmind::intelligence
