#pragma once

#include "integration/adapters/rest/route.hpp"

namespace pgmind::integration::rest {

// Parameters of the query as typed values; errors name the parameter.

/// invalid_argument for a parameter that the route does not take, or that stands twice.
Result<void> check_query(const http::RequestHead& head, std::string_view known_names);

Result<memory::Scope> query_scope(const Call& call, memory::Scope otherwise, bool allow_both);
/// From 1 to `maximum`.
Result<std::size_t> query_limit(const Call& call, std::size_t otherwise, std::size_t maximum);
Result<bool> query_flag(const Call& call, std::string_view name);
std::string query_text(const Call& call, std::string_view name);

}  // namespace pgmind::integration::rest
