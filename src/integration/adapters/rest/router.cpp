#include "integration/adapters/rest/router.hpp"

namespace pgmind::integration::rest {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(1);
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return segments;
}

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}

bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments) {
    if (pattern.size() != segments.size()) {
        return false;
    }
    // From the end: the last segments tell most routes apart.
    for (std::size_t i = segments.size(); i-- > 0;) {
        if (is_parameter(pattern[i]) ? segments[i].empty() : pattern[i] != segments[i]) {
            return false;
        }
    }
    return true;
}

void add_method(std::string& list, std::string_view method) {
    if (!list.empty()) {
        list += ", ";
    }
    list += method;
    if (method == "GET") {
        list += ", HEAD";
    }
}

}  // namespace

Router::Router(std::span<const Route> routes) {
    for (const Route& route : routes) {
        patterns_.push_back({&route, split_path(route.path)});
    }
}

RouteMatch Router::match(std::string_view method, const std::vector<std::string>& segments) const {
    RouteMatch match;
    const std::string_view wanted = method == "HEAD" ? std::string_view("GET") : method;
    for (std::size_t index = 0; index < patterns_.size(); ++index) {
        const Pattern& pattern = patterns_[index];
        if (!fits(pattern.segments, segments)) {
            continue;
        }
        if (pattern.route->method != wanted) {
            add_method(match.allowed_methods, pattern.route->method);
            continue;
        }
        match.route = pattern.route;
        match.index = index;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            if (is_parameter(pattern.segments[i])) {
                const std::string_view braced = pattern.segments[i];
                match.parameters.emplace_back(braced.substr(1, braced.size() - 2), segments[i]);
            }
        }
        return match;
    }
    return match;
}

}  // namespace pgmind::integration::rest
