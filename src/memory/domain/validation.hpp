#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "memory/api/requests.hpp"

namespace pgmind::memory {

// What the Memory context accepts. Every error names the field as the protocols call it and the
// limit that it breaks. Pure; linear in the size of the input.

Result<void> validate_namespace_name(std::string_view name, std::string_view field);
Result<void> validate_key(std::string_view key, std::string_view field);
/// Not empty, finite numbers, at most Limits::dimensions_max of them.
Result<void> validate_embedding(std::span<const float> embedding, std::string_view field);
/// A JSON text within `bytes_max`, in UTF-8, without the NUL character, which PostgreSQL cannot
/// hold (also not as the escape \u0000). Does not parse it: that it is JSON, PostgreSQL says.
Result<void> validate_json(std::string_view json, std::size_t bytes_max, std::string_view field);

Result<void> validate(const StoreRequest& request);
Result<void> validate(const EntryAddress& address);
Result<void> validate(const DeleteRequest& request);
Result<void> validate(const ListRequest& request);
Result<void> validate(const SearchRequest& request);
Result<void> validate(const NamespaceRequest& request);
Result<void> validate(const NamespaceListRequest& request);

}  // namespace pgmind::memory
