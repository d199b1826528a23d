#include "cluster/domain/vector_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/api/errors.hpp"

namespace pgmind::cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kOurs = VectorExtension::pgmind;
constexpr auto kOther = VectorExtension::pgvector;

VectorSetup planned(const VectorFacts& facts, std::optional<VectorExtension> wanted = {}) {
    const auto setup = plan_vectors(facts, wanted);
    EXPECT_TRUE(setup) << setup.error().detail;
    return setup.value_or(VectorSetup{});
}

TEST(VectorSetup, TakesPgmindWhereTheServerOffersIt) {
    const VectorSetup setup = planned({{"", "0.2.0", ""}, {"", "0.8.6", ""}, false});
    EXPECT_EQ(setup.extension, kOurs);
    EXPECT_THAT(setup.statements, ElementsAre("CREATE EXTENSION pgmind SCHEMA public"));
    EXPECT_FALSE(setup.name_types);
}

TEST(VectorSetup, TakesPgvectorWhereThereIsNothingElseOrItIsWanted) {
    for (const std::string pgmind : {"", "0.2.0"}) {
        const auto wanted = pgmind.empty() ? std::nullopt : std::optional(kOther);
        const VectorSetup setup = planned({{"", pgmind, ""}, {"", "0.8.0", ""}, false}, wanted);
        EXPECT_EQ(setup.extension, kOther);
        EXPECT_THAT(setup.statements, ElementsAre("CREATE EXTENSION vector SCHEMA public"));
        EXPECT_TRUE(setup.name_types);
    }
}

TEST(VectorSetup, LeavesADatabaseWithWhatItHas) {
    const VectorSetup ours = planned({{"0.2.0", "0.2.0", "public"}, {"0.8.6", "0.8.6", ""}, false});
    EXPECT_EQ(ours.extension, kOurs);
    EXPECT_THAT(ours.statements, IsEmpty());
    const VectorSetup other = planned({{"", "0.2.0", ""}, {"0.8.6", "0.8.6", "public"}, true});
    EXPECT_EQ(other.extension, kOther);
    EXPECT_THAT(other.statements, IsEmpty());
    EXPECT_FALSE(other.name_types);
    const auto changed =
        plan_vectors({{"", "0.2.0", ""}, {"0.8.6", "0.8.6", "public"}, true}, kOurs);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, Errc::invalid_request);
}

TEST(VectorSetup, UpdatesAndMoves) {
    EXPECT_THAT(planned({{"0.1.0", "0.2.0", "public"}, {}, false}).statements,
                ElementsAre("ALTER EXTENSION pgmind UPDATE"));
    EXPECT_THAT(
        planned({{}, {"0.7.4", "1.0", "extensions"}, false}).statements,
        ElementsAre("ALTER EXTENSION vector UPDATE", "ALTER EXTENSION vector SET SCHEMA public"));
}

TEST(VectorSetup, SaysWhatIsMissing) {
    const auto old = plan_vectors({{}, {"0.7.4", "0.7.4", "public"}, false}, {});
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().code, Errc::version_mismatch);
    EXPECT_THAT(old.error().detail, HasSubstr("has pgvector 0.7.4"));
    const auto none = plan_vectors({}, {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Errc::not_installed);
    EXPECT_THAT(none.error().detail, HasSubstr("extension pgmind is not installed"));
    EXPECT_THAT(none.error().detail, HasSubstr("extension vector (pgvector, 0.8 or newer)"));
    const auto wanted = plan_vectors({{"", "0.2.0", ""}, {}, false}, kOther);
    ASSERT_FALSE(wanted);
    EXPECT_THAT(wanted.error().detail, testing::StartsWith("the extension vector (pgvector"));
}

}  // namespace
}  // namespace pgmind::cluster
