#pragma once

#include <string>
#include <vector>

namespace pgmind::intelligence {

/// One ranking: ids from best to worst, and how much it counts.
struct Ranking {
    std::vector<std::string> ids;
    double weight = 1.0;
};

struct FusedItem {
    std::string id;
    double score = 0;
};

/// Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009): score = sum of weight / (60 + rank),
/// rank from 1. Best first; equal scores in order of id. O(n log n).
std::vector<FusedItem> fuse_rankings(const std::vector<Ranking>& rankings);

}  // namespace pgmind::intelligence
