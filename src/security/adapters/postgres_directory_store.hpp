#pragma once

#include <memory>

#include "platform/postgres/pool.hpp"
#include "security/app/ports.hpp"

namespace pgmind::security {

/// DirectoryStore on the coordinator's tables principals, grants, api_keys and security_version.
/// The pool outlives it. Fails with not_the_primary when the server is a standby.
std::unique_ptr<DirectoryStore> make_postgres_directory_store(postgres::Pool& coordinator);

}  // namespace pgmind::security
