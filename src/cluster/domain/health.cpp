#include "cluster/domain/health.hpp"

namespace pgmind::cluster {
namespace {

std::string problem_of(const NodeStatus& node) {
    if (!node.healthy) {
        return node.problem.empty() ? "has not answered yet" : node.problem;
    }
    if (node.age > kFactsAgeMax) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(node.age);
        return "was last seen " + std::to_string(seconds.count()) + " s ago";
    }
    return {};
}

}  // namespace

std::string not_ready_reason(const std::vector<NodeStatus>& nodes) {
    if (nodes.empty()) {
        return "the cluster has not started";
    }
    std::string reason;
    for (const NodeStatus& node : nodes) {
        const std::string problem = problem_of(node);
        if (!problem.empty()) {
            reason += (reason.empty() ? "" : "; ") + node.name + " " + problem;
        }
    }
    return reason;
}

}  // namespace pgmind::cluster
