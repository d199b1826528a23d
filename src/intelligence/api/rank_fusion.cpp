#include "intelligence/api/rank_fusion.hpp"

#include <algorithm>
#include <unordered_map>

#include "intelligence/api/events.hpp"
#include "intelligence/api/intelligence.hpp"

namespace pgmind::intelligence {

std::vector<FusedItem> fuse_rankings(const std::vector<Ranking>& rankings) {
    constexpr double kRankOffset = 60;
    std::unordered_map<std::string, double> scores;
    for (const Ranking& ranking : rankings) {
        for (std::size_t i = 0; i < ranking.ids.size(); ++i) {
            scores[ranking.ids[i]] += ranking.weight / (kRankOffset + static_cast<double>(i + 1));
        }
    }
    std::vector<FusedItem> items;
    items.reserve(scores.size());
    for (auto& [id, score] : scores) {
        items.push_back({id, score});
    }
    std::sort(items.begin(), items.end(), [](const FusedItem& left, const FusedItem& right) {
        return left.score != right.score ? left.score > right.score : left.id < right.id;
    });
    return items;
}

}  // namespace pgmind::intelligence
