#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory/api/entry.hpp"
#include "platform/postgres/rows.hpp"
#include "platform/postgres/statement.hpp"

namespace pgmind::memory {

// How entries look in statements. A text literal, since statements are constants.

#define PGMIND_MICROSECONDS(time) "(extract(epoch from " time ") * 1000000)::bigint"

/// The columns that read_entry reads, of the relation `e`; then either the embedding or NULL.
#define PGMIND_ENTRY_COLUMNS                                                    \
    "e.namespace, e.key, e.entry_id, e.value, e.text, e.metadata, "             \
    "e.version, " PGMIND_MICROSECONDS("e.created_at") ", " PGMIND_MICROSECONDS( \
        "e.updated_at") ", " PGMIND_MICROSECONDS("e.expires_at") ", "

/// The same of a relation `e` that has a column `room` (below): a row for which the bytes of one
/// answer are used up keeps its name, but has no value, text and metadata.
#define PGMIND_ENTRY_COLUMNS_WITH_ROOM                                          \
    "e.namespace, e.key, e.entry_id, CASE WHEN e.room THEN e.value END, "       \
    "CASE WHEN e.room THEN e.text END, CASE WHEN e.room THEN e.metadata END, "  \
    "e.version, " PGMIND_MICROSECONDS("e.created_at") ", " PGMIND_MICROSECONDS( \
        "e.updated_at") ", " PGMIND_MICROSECONDS("e.expires_at") ", "

/// The column `room` of relation `e`, whose rows come in some order: whether those before it left
/// any of 16 MiB, counted as the gateway receives them. One answer of 1,000 entries of 1 MB would
/// otherwise take gigabytes of every gateway. In parts: BEFORE bytes of the vector OVER order
/// AFTER.
#define PGMIND_ROOM_BEFORE                                                            \
    "coalesce(sum(octet_length(e.value::text) + coalesce(octet_length(e.text), 0) + " \
    "octet_length(e.metadata::text) + "
/// As text, a number takes about three times its four bytes.
#define PGMIND_VECTOR_BYTES "coalesce(pg_column_size(e.embedding) * 3, 0)"
#define PGMIND_ROOM_OVER ") OVER (ORDER BY "
#define PGMIND_ROOM_AFTER \
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < 16777216 AS room"

/// An entry from a row that begins with those columns.
Entry read_entry(const postgres::Rows& rows, std::size_t row, Scope scope);

/// A vector in the binary format that type ruvector receives.
std::string binary_vector(std::span<const float> values);
/// A vector from its text, [1,2,3]; what does not look so is a bug and throws.
std::vector<float> read_vector(std::string_view text);

}  // namespace pgmind::memory
