#pragma once

#include <functional>
#include <memory>

#include "intelligence/app/ports.hpp"

namespace pgmind::intelligence {

struct RecallSampling {
    double rate = 0;  ///< share of index searches that are repeated exactly, 0 to 1
    /// Told the share of the exact answer that the index gave, 0 to 1. On the worker's loop.
    std::function<void(const ShardId&, double recall)> observe;
};

/// The share of `exact` that is also in `found`; 1 when there is nothing to find. Entries as
/// similar as the last exact one count as found, since either may stand there.
double recall_of(const std::vector<VectorHit>& found, const std::vector<VectorHit>& exact);

/// Repeats one search of many exactly to learn how good the index's answers are. Does so after the
/// answer was given, at most one at a time, and gives up early: it costs the searches nothing but
/// its share of the database. Belongs to one loop; `store` outlives it.
class RecallSampler {
  public:
    RecallSampler(VectorStore& store, RecallSampling sampling);

    /// Perhaps starts a repetition of a search that the index answered.
    void consider(Executor executor, const VectorSearchRequest& query,
                  const std::vector<VectorHit>& found);

  private:
    VectorStore& store_;
    std::shared_ptr<const RecallSampling> sampling_;
    std::shared_ptr<bool> busy_ = std::make_shared<bool>(false);
    double due_ = 0;  ///< part of the next repetition that is due
};

}  // namespace pgmind::intelligence
