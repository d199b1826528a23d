#include "cluster/adapters/migrations.hpp"

#include <span>

#include "base/embedded_file.hpp"

namespace pgmind {

// Defined by the generated files.
std::span<const EmbeddedFile> embedded_cluster_coordinator_migrations();
std::span<const EmbeddedFile> embedded_cluster_shard_migrations();
std::span<const EmbeddedFile> embedded_cluster_scripts();

}  // namespace pgmind

namespace pgmind::cluster {

std::vector<postgres::Migration> cluster_coordinator_migrations() {
    return postgres::migrations_from(embedded_cluster_coordinator_migrations());
}

std::vector<postgres::Migration> cluster_shard_migrations() {
    return postgres::migrations_from(embedded_cluster_shard_migrations());
}

std::string_view roles_script() {
    return embedded_cluster_scripts().front().content;
}

}  // namespace pgmind::cluster
