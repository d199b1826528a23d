#include "intelligence/app/keep_vector_index.hpp"

#include <gtest/gtest.h>

namespace pgmind::intelligence {
namespace {

/// A database whose index the test lays out.
class FakeIndex final : public VectorIndexStore {
  public:
    Task<Result<VectorIndexFacts>> inspect(Deadline) override {
        if (failure) {
            co_return fail(*failure);
        }
        co_return facts;
    }
    Task<Result<bool>> build(bool rebuild, std::function<bool(double)> go_on, Deadline) override {
        builds.push_back(rebuild);
        if (!go_on(0.5)) {
            co_return fail(BaseErrc::cancelled, "the build was cancelled");
        }
        if (another_builds) {
            facts.being_built = true;
            co_return true;
        }
        facts.exists = facts.valid = true;
        co_return true;
    }
    Task<Result<bool>> announce(Deadline) override {
        co_return !std::exchange(facts.announced, true);
    }
    Task<Result<VectorIndexSize>> measure(Deadline) override {
        co_return VectorIndexSize{2, 30, 4096};
    }
    Task<Result<void>> vacuum(Deadline) override { co_return Result<void>(); }

    VectorIndexFacts facts;
    bool another_builds = false;
    std::optional<Error> failure;
    std::vector<bool> builds;
};

class KeepVectorIndexTest : public ::testing::Test {
  protected:
    KeepVectorIndexTest() {
        status_.shard = "shard-1";
        status_.database = "project";
        bus_.subscribe("test", 100,
                       [this](const DomainEvent& event) { published_.emplace_back(event.name); });
    }
    Result<void> keep() {
        boost::asio::io_context loop{1};
        const std::function<bool()> go_on = [this] { return go_on_; };
        return async::run_blocking_loop(loop,
                                        keep_vector_index(index_, status_, board_, bus_, go_on));
    }
    VectorIndexStatus shown() { return board_.all().at(0); }

    FakeIndex index_;
    VectorIndexStatus status_;
    VectorIndexBoard board_;
    std::vector<std::string> published_;
    async::EventBus bus_;
    bool go_on_ = true;
};

TEST_F(KeepVectorIndexTest, builds_announces_once_and_measures) {
    ASSERT_TRUE(keep());
    ASSERT_TRUE(keep());
    bus_.drain();
    EXPECT_EQ(index_.builds, std::vector<bool>{false});
    EXPECT_EQ(published_, std::vector<std::string>{"VectorIndexCreated"});
    EXPECT_EQ(shown().state, VectorIndexState::ready);
    EXPECT_EQ(shown().namespaces, 2);
    EXPECT_EQ(shown().vectors, 30);
    EXPECT_EQ(shown().problem, "");
}

TEST_F(KeepVectorIndexTest, what_a_failed_build_left_is_made_again) {
    index_.facts.exists = true;
    ASSERT_TRUE(keep());
    EXPECT_EQ(index_.builds, std::vector<bool>{true});
    EXPECT_EQ(shown().state, VectorIndexState::ready);
}

TEST_F(KeepVectorIndexTest, waits_while_another_builds) {
    index_.facts.being_built = true;
    ASSERT_TRUE(keep());
    EXPECT_TRUE(index_.builds.empty());
    EXPECT_EQ(shown().state, VectorIndexState::building);
}

TEST_F(KeepVectorIndexTest, a_build_ends_when_the_process_does_and_says_so) {
    go_on_ = false;
    EXPECT_FALSE(keep());
    EXPECT_EQ(shown().state, VectorIndexState::absent);
    EXPECT_EQ(shown().problem, "the build was cancelled");
}

TEST_F(KeepVectorIndexTest, a_database_that_does_not_answer_is_unknown) {
    index_.facts = {true, true, false, true};
    ASSERT_TRUE(keep());
    index_.failure = Error(BaseErrc::unavailable, "no connection");
    EXPECT_FALSE(keep());
    EXPECT_EQ(shown().state, VectorIndexState::unknown);
    EXPECT_EQ(shown().problem, "no connection");
}

TEST_F(KeepVectorIndexTest, does_nothing_where_none_is_wanted) {
    index_.facts.wanted = false;
    ASSERT_TRUE(keep());
    EXPECT_TRUE(index_.builds.empty());
    EXPECT_EQ(shown().state, VectorIndexState::absent);
    EXPECT_EQ(shown().problem, "");
}

}  // namespace
}  // namespace pgmind::intelligence
