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
#define PGMIND_ENTRY_COLUMNS                                                       \
    "e.namespace, e.key, e.entry_id, e.value, e.text, e.metadata, e.version, "     \
    PGMIND_MICROSECONDS("e.created_at") ", " PGMIND_MICROSECONDS("e.updated_at")   \
    ", " PGMIND_MICROSECONDS("e.expires_at") ", "

/// An entry from a row that begins with those columns.
Entry read_entry(const postgres::Rows& rows, std::size_t row, Scope scope);

/// A vector in the binary format that type ruvector receives.
std::string binary_vector(std::span<const float> values);
/// A vector from its text, [1,2,3]; what does not look so is a bug and throws.
std::vector<float> read_vector(std::string_view text);

}  // namespace pgmind::memory
