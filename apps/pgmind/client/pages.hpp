#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "client/api_client.hpp"

namespace pgmind::app {

/// A list that the server gives in pages.
struct PagedList {
    std::vector<std::string> segments;
    Query query;
    std::string items;  ///< the member that holds a page's items
    std::string cursor_parameter = "cursor";
    std::string next = "next_cursor";  ///< the member that holds the next page's cursor
};

/// Gives the first `limit` items of a list (0: all of them) to `each`, in order, and returns the
/// cursor of what follows, as JSON ("null": nothing does).
Result<std::string> read_pages(ApiClient& client, const PagedList& list, std::int64_t limit,
                               const std::function<void(const JsonNode&)>& each);

/// As read_pages(), printing the whole as one JSON document of the same shape on standard output.
Result<void> print_pages_as_json(ApiClient& client, const PagedList& list, std::int64_t limit);

}  // namespace pgmind::app
