#include "client/pages.hpp"

#include <algorithm>
#include <iostream>

namespace pgmind::app {
namespace {

constexpr std::int64_t kPageMax = 1000;

}  // namespace

Result<std::string> read_pages(ApiClient& client, const PagedList& list, std::int64_t limit,
                               const std::function<void(const JsonNode&)>& each) {
    std::int64_t taken = 0;
    std::string cursor;
    while (true) {
        const std::int64_t size = limit == 0 ? kPageMax : std::min(kPageMax, limit - taken);
        Query query = list.query;
        query.emplace_back("limit", std::to_string(size));
        if (!cursor.empty()) {
            std::erase_if(query, [&list](const auto& parameter) {
                return parameter.first == list.cursor_parameter;
            });
            query.emplace_back(list.cursor_parameter, cursor);
        }
        const auto answer = client.get(list.segments, query);
        if (!answer) {
            return fail(answer.error());
        }
        const std::vector<JsonNode> items = answer->json()[list.items].items();
        for (const JsonNode& item : items) {
            each(item);
        }
        taken += static_cast<std::int64_t>(items.size());
        const JsonNode next = answer->json()[list.next];
        if (!next || items.empty() || (limit > 0 && taken >= limit)) {
            return std::string(next.raw());
        }
        cursor = next.text();
    }
}

Result<void> print_pages_as_json(ApiClient& client, const PagedList& list, std::int64_t limit) {
    // The first page decides whether anything is printed: an error prints nothing.
    bool begun = false;
    const auto next = read_pages(client, list, limit, [&](const JsonNode& item) {
        std::cout << (begun ? "," : "{\"" + list.items + "\":[") << item.raw();
        begun = true;
    });
    if (!next) {
        return fail(next.error());
    }
    std::cout << (begun ? "" : "{\"" + list.items + "\":[") << "],\"" << list.next << "\":" << *next
              << "}\n";
    return {};
}

}  // namespace pgmind::app
