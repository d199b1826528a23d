#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integration/adapters/rest/route.hpp"

namespace pgmind::integration::rest {

/// The row that a request means. Without one, `allowed_methods` (for the Allow field) says whether
/// the path exists.
struct RouteMatch {
    const Route* route = nullptr;
    std::size_t index = 0;  ///< of the row, when there is one
    std::vector<std::pair<std::string_view, std::string>> parameters;
    std::string allowed_methods;
};

/// Finds rows by method and path segments. Immutable; the rows outlive it.
class Router {
  public:
    explicit Router(std::span<const Route> routes);
    RouteMatch match(std::string_view method, const std::vector<std::string>& segments) const;

  private:
    struct Pattern {
        const Route* route;
        std::vector<std::string_view> segments;
    };
    std::vector<Pattern> patterns_;
};

}  // namespace pgmind::integration::rest
