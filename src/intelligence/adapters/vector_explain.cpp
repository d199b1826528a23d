#include "intelligence/adapters/vector_explain.hpp"

#include <string>

#include <boost/json/parse.hpp>

namespace pgmind::intelligence {
namespace {

// How the names of all vector indexes begin.
constexpr std::string_view kIndex = "memory_entries_vectors";
constexpr int kDepthMax = 32;

double number_of(const boost::json::object& node, std::string_view name) {
    const boost::json::value* value = node.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

std::string_view text_of(const boost::json::object& node, std::string_view name) {
    const boost::json::value* value = node.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

// Scans of entries, whether they go through an index or not; a bitmap's index is not asked for rows
// a second time.
void add_scans(const boost::json::object& node, int depth, VectorStatementReport& report) {
    if (text_of(node, "Relation Name") == "memory_entries") {
        const double loops = number_of(node, "Actual Loops");
        const double rows = number_of(node, "Actual Rows") +
                            number_of(node, "Rows Removed by Filter") +
                            number_of(node, "Rows Removed by Index Recheck");
        report.rows_visited += static_cast<std::int64_t>(rows * loops);
        report.index =
            report.index || (loops > 0 && text_of(node, "Index Name").starts_with(kIndex));
    }
    const boost::json::value* children = node.if_contains("Plans");
    if (children == nullptr || !children->is_array() || depth >= kDepthMax) {
        return;
    }
    for (const boost::json::value& child : children->get_array()) {
        if (child.is_object()) {
            add_scans(child.get_object(), depth + 1, report);
        }
    }
}

// [{"Plan": {...}, ...}]
Result<boost::json::object> plan_of(std::string_view json) {
    boost::json::error_code error;
    const boost::json::value answer = boost::json::parse(json, error);
    const boost::json::array* list = error ? nullptr : answer.if_array();
    const boost::json::object* first =
        list == nullptr || list->empty() ? nullptr : list->front().if_object();
    const boost::json::value* plan = first == nullptr ? nullptr : first->if_contains("Plan");
    if (plan == nullptr || !plan->is_object()) {
        return fail(BaseErrc::internal, "PostgreSQL explained a search in an unknown form");
    }
    return plan->get_object();
}

}  // namespace

Result<VectorStatementReport> read_explained_search(std::string_view json) {
    const auto plan = plan_of(json);
    if (!plan) {
        return fail(plan.error());
    }
    VectorStatementReport report;
    add_scans(*plan, 0, report);
    return report;
}

Result<double> read_explained_count(std::string_view json) {
    const auto plan = plan_of(json);
    if (!plan) {
        return fail(plan.error());
    }
    const boost::json::value* inner = plan->if_contains("Plans");
    if (inner == nullptr || !inner->is_array() || inner->get_array().empty() ||
        !inner->get_array().front().is_object()) {
        return fail(BaseErrc::internal, "PostgreSQL explained a count in an unknown form");
    }
    return number_of(inner->get_array().front().get_object(), "Plan Rows");
}

}  // namespace pgmind::intelligence
