#include "security/adapters/migrations.hpp"

#include <span>

#include "base/embedded_file.hpp"

namespace pgmind {

std::span<const EmbeddedFile> embedded_security_coordinator_migrations();
std::span<const EmbeddedFile> embedded_security_shard_migrations();
std::span<const EmbeddedFile> embedded_security_coordinator_scripts();

namespace security {

std::vector<postgres::Migration> security_coordinator_migrations() {
    return postgres::migrations_from(embedded_security_coordinator_migrations());
}

std::vector<postgres::Migration> security_shard_migrations() {
    return postgres::migrations_from(embedded_security_shard_migrations());
}

std::string_view security_coordinator_script() {
    return embedded_security_coordinator_scripts().front().content;
}

}  // namespace security
}  // namespace pgmind
