#include "gateway/sizing.hpp"

#include <algorithm>
#include <thread>

namespace pgmind::app {
namespace {

constexpr std::size_t kWorkersMax = 64;
constexpr std::size_t kDatabasesOfShard = 2;
// Two of the pool and one that listens, for each database. The coordinator's share (sessions of
// Security, at most seven) is less than what workers leave unused there.
constexpr std::size_t kRelayConnections = 3;
constexpr std::size_t kOtherConnections = 40;
constexpr std::size_t kConnectionsMin = 100;

}  // namespace

std::size_t worker_count(const config::Configuration& configuration) {
    const std::int64_t wanted = configuration.integer("http.workers");
    if (wanted > 0) {
        return static_cast<std::size_t>(wanted);
    }
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kWorkersMax);
}

std::size_t connections_for(const config::Configuration& configuration) {
    const auto of_worker =
        static_cast<std::size_t>(configuration.integer("postgres.connections_per_worker"));
    const std::size_t of_database = worker_count(configuration) * of_worker + kRelayConnections;
    return std::max(kConnectionsMin, kDatabasesOfShard * of_database + kOtherConnections);
}

}  // namespace pgmind::app
