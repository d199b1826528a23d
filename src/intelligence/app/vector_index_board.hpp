#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "intelligence/api/vector_index.hpp"

namespace pgmind::intelligence {

/// What is known of the vector indexes, for those who ask: written by the one who keeps them, read
/// on every worker. Thread-safe.
class VectorIndexBoard {
  public:
    void put(VectorIndexStatus status) {
        const std::lock_guard lock(mutex_);
        std::pair<std::string, std::string> place(status.shard, status.database);
        statuses_.insert_or_assign(std::move(place), std::move(status));
    }

    /// In order of shard and database.
    std::vector<VectorIndexStatus> all() const {
        const std::lock_guard lock(mutex_);
        std::vector<VectorIndexStatus> statuses;
        for (const auto& [place, status] : statuses_) {
            statuses.push_back(status);
        }
        return statuses;
    }

  private:
    // tidy: allow lock because it guards a few short records that are read for a status only.
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, VectorIndexStatus> statuses_;
};

}  // namespace pgmind::intelligence
