#include "cluster/adapters/migrations.hpp"

#include <span>
#include <stdexcept>
#include <string>

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

std::string_view cluster_script(std::string_view name) {
    for (const EmbeddedFile& file : embedded_cluster_scripts()) {
        if (file.name == name) {
            return file.content;
        }
    }
    throw std::logic_error("there is no script " + std::string(name));
}

}  // namespace pgmind::cluster
