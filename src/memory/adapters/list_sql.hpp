#pragma once

#include "base/sql_text.hpp"
#include "memory/app/ports.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::memory {

struct ListSql {
    SqlText text;
    postgres::Parameters parameters;
};

/// The statement for one page: filter, prefix and position vary, so it is not a constant; every
/// value is a parameter.
ListSql list_sql(const EntryPageQuery& query);

}  // namespace pgmind::memory
