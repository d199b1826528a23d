#include "integration/adapters/rest/rest_metrics.hpp"

namespace pgmind::integration::rest {

RestMetrics::RestMetrics(metrics::Registry& registry, std::span<const Route> routes)
    : registry_(registry) {
    const auto add = [this](std::string route, std::string method) {
        const metrics::Labels labels = {{"route", route}, {"method", method}};
        auto seconds =
            registry_.histogram("pgmind_http_request_seconds",
                                "Time from the head of a request to its answer.", labels);
        rows_.push_back({std::move(route), std::move(method), seconds, {}});
    };
    for (const Route& route : routes) {
        add(std::string(route.path), std::string(route.method));
    }
    // Not the path that was asked for: anybody could make labels without end.
    add("none", "any");
}

void RestMetrics::count(std::size_t index, unsigned status, double seconds) {
    Row& row = rows_[index];
    row.seconds.observe(seconds);
    for (const auto& [known, counter] : row.by_status) {
        if (known == status) {
            counter.increment();
            return;
        }
    }
    const metrics::Labels labels = {
        {"route", row.route}, {"method", row.method}, {"status", std::to_string(status)}};
    auto counter = registry_.counter("pgmind_http_requests_total",
                                     "Requests to the REST gateway that were answered.", labels);
    counter.increment();
    row.by_status.emplace_back(status, counter);
}

}  // namespace pgmind::integration::rest
