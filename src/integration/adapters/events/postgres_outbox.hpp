#pragma once

#include <memory>
#include <string>

#include "integration/app/outbox.hpp"
#include "platform/postgres/pool.hpp"

namespace pgmind::integration {

/// The outbox tables of one database of a shard (memory's migrations make them). A claim is a
/// transaction that holds the database's relay lock; `pool` has at least two connections and
/// outlives the store. `database` names it in events, as "shard-1/project".
std::unique_ptr<OutboxStore> make_postgres_outbox(postgres::Pool& pool, std::string database);

}  // namespace pgmind::integration
