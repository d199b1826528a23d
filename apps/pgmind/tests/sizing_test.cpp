#include "gateway/sizing.hpp"

#include <gtest/gtest.h>

#include "settings.hpp"

namespace pgmind::app {
namespace {

config::Configuration configuration_of(std::size_t workers, std::size_t connections_per_worker) {
    config::Sources sources;
    sources.flags = {{"http.workers", std::to_string(workers)},
                     {"postgres.connections_per_worker", std::to_string(connections_per_worker)}};
    config::Outcome outcome = config::load(settings(), sources);
    EXPECT_TRUE(outcome.problems.empty());
    return std::move(outcome.configuration);
}

TEST(Sizing, EveryConnectionThatThePoolsMayOpenFitsBesideTheOthers) {
    for (const std::size_t workers : {1U, 2U, 8U, 64U}) {
        for (const std::size_t each : {1U, 6U, 100U}) {
            const std::size_t of_pools = 2 * workers * each;
            EXPECT_GE(connections_for(configuration_of(workers, each)), of_pools + 40)
                << workers << " workers with " << each;
        }
    }
}

TEST(Sizing, ASmallMachineHasWhatPostgresqlHasByItself) {
    EXPECT_EQ(connections_for(configuration_of(2, 6)), 100U);
}

TEST(Sizing, WithoutAWishThereIsAWorkerForEachCore) {
    EXPECT_EQ(worker_count(configuration_of(3, 6)), 3U);
    const std::size_t usual = worker_count(configuration_of(0, 6));
    EXPECT_GE(usual, 1U);
    EXPECT_LE(usual, 64U);
}

}  // namespace
}  // namespace pgmind::app
