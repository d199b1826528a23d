#pragma once

#include <string_view>

#include "base/sql_text.hpp"
#include "cluster/api/vector_extension.hpp"
#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

/// All the SQL that depends on the extension which a database keeps its vectors with. What else is
/// said of vectors is common: the type is called ruvector in both (for pgvector it is a domain that
/// the cluster makes), cosine distance is <=>, and both have one binary format. Constant objects.
class VectorDialect {
  public:
    virtual ~VectorDialect() = default;

    virtual VectorIndexLimits limits() const = 0;

    // Of a search by the index; the entries are `e`, the vector asked for is $1.

    /// What it orders by.
    virtual SqlText distance(std::size_t dimensions) const = 0;
    /// " AND ..." of the condition that makes the index fit; may be empty.
    virtual SqlText indexed_only(std::size_t dimensions) const = 0;
    /// An expression that sets ef_search (a text) and the rest for the transaction.
    virtual SqlText settings(const SqlText& ef_search) const = 0;

    // Of the indexes on pgmind.memory_entries.

    /// A query for those that there should be: name, and definition from USING on.
    virtual std::string_view wanted_indexes() const = 0;
    /// Whether what was deleted stands in the way of what comes, until the table is vacuumed.
    virtual bool vacuum_after_removal() const = 0;
};

const VectorDialect& vector_dialect(cluster::VectorExtension extension);

}  // namespace pgmind::intelligence
