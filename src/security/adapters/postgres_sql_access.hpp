#pragma once

#include <memory>
#include <string>

#include "platform/postgres/pool.hpp"
#include "security/app/sql_access_keeper.hpp"

namespace pgmind::security {

/// A shard's database, as a role that acts for the owner of the schema.
struct SqlDatabase {
    std::string name;  ///< for messages
    postgres::ConnectionOptions options;
};

std::unique_ptr<SqlAccessStore> make_postgres_sql_access(boost::asio::io_context& loop,
                                                         SqlDatabase database,
                                                         postgres::StatementObserver observe);

}  // namespace pgmind::security
