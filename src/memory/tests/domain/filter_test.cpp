#include "memory/api/filter.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "memory/api/filter_sql.hpp"

namespace pgmind::memory {
namespace {

Filter equal(std::vector<std::string> path, FilterValue value) {
    return Filter{FilterOperator::equal, std::move(path), {std::move(value)}, {}};
}

Filter group(FilterOperator operation, std::vector<Filter> children) {
    return Filter{operation, {}, {}, std::move(children)};
}

void expect_refused(const Filter& filter, const std::string& field) {
    const Result<void> result = validate_filter(filter, "filter");
    ASSERT_FALSE(result) << field;
    EXPECT_EQ(result.error().field, field);
    EXPECT_TRUE(result.error().is(Failure::invalid_argument));
}

TEST(Filter, limits_are_named_with_the_path) {
    const std::string long_text(FilterLimits::text_bytes_max + 1, 'x');
    expect_refused(equal({}, true), "filter");
    expect_refused(equal({"a"}, long_text), "filter.a");
    expect_refused(equal({long_text}, true), "filter." + long_text);
    expect_refused(equal(std::vector<std::string>(9, "p"), true), "filter.p.p.p.p.p.p.p.p.p");
    expect_refused(equal({"a"}, std::string(1, '\0')), "filter.a");
    expect_refused(equal({"a"}, "\xff"), "filter.a");
    expect_refused(equal({"a"}, std::nan("")), "filter.a");
    expect_refused(Filter{FilterOperator::less, {"a"}, {true}, {}}, "filter.a");
    expect_refused(Filter{FilterOperator::less, {"a"}, {nullptr}, {}}, "filter.a");
    expect_refused(Filter{FilterOperator::exists, {"a"}, {"yes"}, {}}, "filter.a");
    expect_refused(Filter{FilterOperator::one_of, {"a"}, {}, {}}, "filter.a");
    expect_refused(Filter{FilterOperator::one_of, {"a"}, std::vector<FilterValue>(257, true), {}},
                   "filter.a");
    expect_refused(Filter{FilterOperator::equal, {"a"}, {true, false}, {}}, "filter.a");
    expect_refused(Filter{FilterOperator::equal, {"a"}, {true}, {equal({"b"}, true)}}, "filter");
    expect_refused(Filter{FilterOperator::all_of, {"a"}, {}, {}}, "filter");
    expect_refused(group(FilterOperator::none_of, {}), "filter");
    expect_refused(group(FilterOperator::any_of, {equal({"a"}, true), equal({}, true)}),
                   "filter.or[1]");
    expect_refused(group(FilterOperator::none_of,
                         {group(FilterOperator::all_of, {equal({"a", "b"}, std::nan(""))})}),
                   "filter.not.and[0].a.b");
}

TEST(Filter, times_are_checked) {
    expect_refused(equal({"@created_at"}, "yesterday"), "filter.@created_at");
    expect_refused(equal({"@created_at"}, true), "filter.@created_at");
    expect_refused(equal({"@created"}, "2026-01-01T00:00:00Z"), "filter.@created");
    expect_refused(equal({"@created_at", "x"}, "2026-01-01T00:00:00Z"), "filter.@created_at.x");
    expect_refused(Filter{FilterOperator::contains, {"@created_at"}, {"2026-01-01T00:00:00Z"}, {}},
                   "filter.@created_at");
    EXPECT_TRUE(validate_filter(equal({"@expires_at"}, "2026-01-01T00:00:00+01:00"), "filter"));
}

TEST(Filter, depth_and_number_of_conditions_are_bounded) {
    Filter deep = equal({"a"}, true);
    for (std::size_t i = 1; i < FilterLimits::depth_max; ++i) {
        deep = group(FilterOperator::none_of, {deep});
    }
    EXPECT_TRUE(validate_filter(deep, "filter"));
    deep = group(FilterOperator::none_of, {deep});
    EXPECT_FALSE(validate_filter(deep, "filter"));
    std::vector<Filter> many(FilterLimits::nodes_max - 1, equal({"a"}, true));
    EXPECT_TRUE(validate_filter(group(FilterOperator::all_of, many), "filter"));
    many.push_back(equal({"a"}, true));
    EXPECT_FALSE(validate_filter(group(FilterOperator::all_of, many), "filter"));
}

TEST(FilterSql, holds_no_value_of_the_filter) {
    const std::string evil = "'; DROP TABLE x; --\"\\";
    const Filter filter =
        group(FilterOperator::any_of,
              {equal({evil}, evil), Filter{FilterOperator::less, {evil, "b"}, {evil}, {}},
               Filter{FilterOperator::one_of, {"c"}, {evil, 1.5, nullptr}, {}},
               Filter{FilterOperator::contains, {"d"}, {evil}, {}},
               Filter{FilterOperator::exists, {evil}, {false}, {}}});
    ASSERT_TRUE(validate_filter(filter, "filter"));
    const FilterSql compiled = compile_filter(filter, 4);
    EXPECT_EQ(compiled.sql.text().find("DROP"), std::string::npos);
    for (std::size_t i = 0; i < compiled.parameters.size(); ++i) {
        EXPECT_NE(compiled.sql.text().find("$" + std::to_string(4 + i) + "::"), std::string::npos)
            << i;
    }
    EXPECT_EQ(compiled.sql.text().find("$" + std::to_string(4 + compiled.parameters.size())),
              std::string::npos);
}

TEST(FilterSql, equality_is_containment) {
    const FilterSql compiled = compile_filter(equal({"a", "b\""}, "x\n"), 1);
    EXPECT_EQ(compiled.sql.text(), "(e.metadata @> $1::jsonb)");
    EXPECT_EQ(compiled.parameters, std::vector<std::string>{R"({"a":{"b\"":"x\u000a"}})"});
}

TEST(AccessSql, patterns_become_like) {
    const FilterSql compiled =
        compile_access({{"a_%*", "exact"}, {"*\\secret"}}, {"n.namespace"}, 3);
    EXPECT_EQ(compiled.sql.text(),
              "(n.namespace LIKE $3::text OR n.namespace = $4::text) AND NOT "
              "(n.namespace LIKE $5::text)");
    EXPECT_EQ(compiled.parameters, (std::vector<std::string>{"a\\_\\%%", "exact", "%\\\\secret"}));
    EXPECT_EQ(compile_access({}, {"n.namespace"}, 1).sql.text(), "FALSE");
    EXPECT_EQ(compile_access({{"*"}, {}}, {"n.namespace"}, 1).sql.text(), "(TRUE)");
}

}  // namespace
}  // namespace pgmind::memory
