#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "integration/adapters/rest/route.hpp"

namespace pgmind::integration::rest {

/// pgmind_http_requests_total and pgmind_http_request_seconds by route. Of one worker; keeps the
/// handles that it has used, so that a request costs no look-up by text.
class RestMetrics {
  public:
    RestMetrics(metrics::Registry& registry, std::span<const Route> routes);

    /// `index` is the row of the route, or the number of rows for requests that fit none.
    void count(std::size_t index, unsigned status, double seconds);

  private:
    struct Row {
        std::string route;
        std::string method;
        metrics::Histogram seconds;
        std::vector<std::pair<unsigned, metrics::Counter>> by_status;
    };
    metrics::Registry& registry_;
    std::vector<Row> rows_;
};

}  // namespace pgmind::integration::rest
