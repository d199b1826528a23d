#include <algorithm>

#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/handlers.hpp"

namespace pgmind::integration::rest {

Result<std::vector<std::string>> namespaces_of_search(Call& call) {
    memory::SearchRequest request;
    json::FieldReader reader(*call.body);
    read_search_query(reader, request);
    if (auto finished = reader.finish(); !finished) {
        return fail(std::move(finished.error()));
    }
    if (request.namespaces.size() > memory::Limits::namespaces_per_search_max) {
        return fail(invalid_argument("namespaces", "names more than 1,000 namespaces"));
    }
    call.search = std::move(request);
    return call.search->namespaces;
}

Task<Result<Reply>> search_entries(Call& call) {
    memory::SearchRequest request = std::move(*call.search);
    request.access = call.admission.access;
    const bool named = !request.namespaces.empty();
    auto found = co_await call.services.memory.search(call.context, std::move(request));
    if (!found) {
        co_return fail(std::move(found.error()));
    }
    if (!named) {
        std::vector<std::string> seen;
        for (const memory::SearchHit& hit : found->hits) {
            seen.push_back(hit.entry.namespace_name);
        }
        call.admission.narrow_to(std::move(seen));
    }
    std::string body;
    append_search_result(body, *found);
    co_return json_reply(std::move(body));
}

}  // namespace pgmind::integration::rest
