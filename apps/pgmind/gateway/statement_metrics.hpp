#pragma once

#include <chrono>
#include <string_view>
#include <unordered_map>

#include "platform/telemetry/metrics.hpp"

namespace pgmind::app {

/// Durations and failures of one worker's PostgreSQL statements, by statement name. Belongs to that
/// worker's loop. Names are string literals, so their views may be kept.
class StatementMetrics {
  public:
    explicit StatementMetrics(metrics::Registry& registry) : registry_(registry) {}

    void observe(std::string_view name, std::chrono::steady_clock::duration duration,
                 bool success) {
        auto found = handles_.find(name);
        if (found == handles_.end()) {
            found = handles_.emplace(name, make(name)).first;
        }
        found->second.seconds.observe(std::chrono::duration<double>(duration).count());
        if (!success) {
            found->second.failures.increment();
        }
    }

  private:
    struct Handles {
        metrics::Histogram seconds;
        metrics::Counter failures;
    };

    Handles make(std::string_view name) {
        const std::string label(name.empty() ? "dynamic" : name);
        return {registry_.histogram("pgmind_postgres_statement_seconds",
                                    "Duration of PostgreSQL statements", {{"statement", label}}),
                registry_.counter("pgmind_postgres_statement_failures_total",
                                  "PostgreSQL statements that failed", {{"statement", label}})};
    }

    metrics::Registry& registry_;
    std::unordered_map<std::string_view, Handles> handles_;
};

}  // namespace pgmind::app
