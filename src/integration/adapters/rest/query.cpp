#include "integration/adapters/rest/query.hpp"

#include <charconv>

#include "integration/adapters/json_mapping.hpp"

namespace pgmind::integration::rest {
namespace {

bool lists(std::string_view names, std::string_view name) {
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        if (names.substr(0, end) == name) {
            return true;
        }
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    return false;
}

}  // namespace

Result<void> check_query(const http::RequestHead& head, std::string_view known_names) {
    for (std::size_t i = 0; i < head.query.size(); ++i) {
        const std::string& name = head.query[i].first;
        if (!lists(known_names, name)) {
            return fail(invalid_argument(name, "is not a parameter that is known here"));
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (head.query[j].first == name) {
                return fail(invalid_argument(name, "stands twice in the query"));
            }
        }
    }
    return {};
}

Result<memory::Scope> query_scope(const Call& call, memory::Scope otherwise, bool allow_both) {
    const auto text = call.query("scope");
    return text ? parse_scope(*text, "scope", allow_both) : Result<memory::Scope>(otherwise);
}

Result<std::size_t> query_limit(const Call& call, std::size_t otherwise, std::size_t maximum) {
    const auto text = call.query("limit");
    if (!text) {
        return otherwise;
    }
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (error != std::errc() || end != text->data() + text->size() || limit < 1 ||
        limit > maximum) {
        return fail(invalid_argument(
            "limit", "must be a whole number from 1 to " + std::to_string(maximum)));
    }
    return limit;
}

Result<bool> query_flag(const Call& call, std::string_view name) {
    const auto text = call.query(name);
    if (!text || *text == "false") {
        return false;
    }
    if (*text == "true") {
        return true;
    }
    return fail(invalid_argument(std::string(name), "must be true or false"));
}

std::string query_text(const Call& call, std::string_view name) {
    return std::string(call.query(name).value_or(""));
}

}  // namespace pgmind::integration::rest
