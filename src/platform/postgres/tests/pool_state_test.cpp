#include "platform/postgres/detail/pool_state.hpp"

#include <sstream>

#include <gtest/gtest.h>

namespace pgmind::postgres {
namespace {

// One line of a table: what happens to the pool, and what it decides then.
struct Line {
    std::string event;
    std::string actions;
};

std::string text_of(const PoolState::Action& action) {
    std::ostringstream out;
    if (const auto* open = std::get_if<PoolState::Open>(&action)) {
        out << "open " << open->connection;
    } else if (const auto* close = std::get_if<PoolState::Close>(&action)) {
        out << "close " << close->connection;
    } else if (const auto* start = std::get_if<PoolState::Start>(&action)) {
        out << "start " << start->ticket << " on " << start->connection;
    } else if (const auto* refuse = std::get_if<PoolState::Refuse>(&action)) {
        constexpr const char* reasons[] = {"exhausted", "unreachable", "closed"};
        out << "refuse " << refuse->ticket << " " << reasons[static_cast<int>(refuse->why)];
    }
    return out.str();
}

class PoolStateTest : public ::testing::Test {
  protected:
    // Backs off 100, 200, 400 ms; patience in an outage 1,000 ms; idle after 10,000 ms.
    static PoolLimits limits() {
        PoolLimits limits;
        limits.connections_max = 2;
        limits.pipeline_depth_max = 2;
        limits.waiting_max = 3;
        limits.idle_close_after = std::chrono::milliseconds(10'000);
        limits.backoff_min = std::chrono::milliseconds(100);
        limits.backoff_max = std::chrono::milliseconds(400);
        limits.outage_wait_max = std::chrono::milliseconds(1'000);
        return limits;
    }

    void check(const PoolLimits& with, const std::vector<Line>& table) {
        state_ = std::make_unique<PoolState>(with, [] { return 0.0; });
        for (std::size_t i = 0; i < table.size(); ++i) {
            happen(table[i].event);
            EXPECT_EQ(decided(), table[i].actions) << "line " << i << ": " << table[i].event;
        }
    }

    void happen(const std::string& event) {
        std::istringstream words(event);
        std::string what;
        std::string how;
        std::uint64_t number = 0;
        words >> what >> number >> how;
        if (what == "statement" || what == "session") {
            const auto kind =
                what == "session" ? PoolState::Kind::session : PoolState::Kind::statement;
            state_->request(number, kind, now_);
        } else if (what == "again") {
            state_->request_again(number, now_);
        } else if (what == "gives-up") {
            state_->give_up(number, now_);
        } else if (what == "opened") {
            state_->opened(number, now_);
        } else if (what == "fails") {
            state_->open_failed(number, now_);
        } else if (what == "lost") {
            state_->lost(number, now_);
        } else if (what == "answers") {
            state_->answered(number, now_);
        } else if (what == "accepts") {
            state_->accepting(number, how != "nothing", now_);
        } else if (what == "retires") {
            state_->retire(number, now_);
        } else if (what == "released") {
            state_->released(number, how != "broken", now_);
        } else if (what == "after") {
            now_ += std::chrono::milliseconds(number);
            state_->tick(now_);
        } else if (what == "quietly-after") {
            now_ += std::chrono::milliseconds(number);
        } else if (what == "close") {
            state_->close(now_);
        } else {
            throw std::logic_error("no such event: " + event);
        }
    }

    std::string decided() {
        std::vector<PoolState::Action> actions;
        state_->take_actions(actions);
        std::string text;
        for (const PoolState::Action& action : actions) {
            text += (text.empty() ? "" : ", ") + text_of(action);
        }
        return text;
    }

    // Milliseconds until the pool wants to be woken; -1 for never.
    long wakes_in() const {
        const auto at = state_->wake_at();
        return at ? std::chrono::duration_cast<std::chrono::milliseconds>(*at - now_).count() : -1;
    }

    SteadyTime now_ = SteadyTime(std::chrono::hours(1));
    std::unique_ptr<PoolState> state_;
};

TEST_F(PoolStateTest, OpensWhenNeededAndStartsWhatWaited) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"answers 1", ""},
                        {"statement 2", "start 2 on 1"},
                    });
    EXPECT_EQ(state_->connections(), 1u);
    EXPECT_EQ(state_->busy(), 1u);
}

TEST_F(PoolStateTest, ABusyConnectionIsSharedWhileAnotherIsOpened) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"statement 2", "start 2 on 1, open 2"},
                        {"statement 3", ""},
                        {"opened 2", "start 3 on 2"},
                        {"statement 4", "start 4 on 2"},
                        {"statement 5", ""},
                        {"answers 1", "start 5 on 1"},
                    });
}

TEST_F(PoolStateTest, WhatIsSentAgainGetsAConnectionThatIsNewerThanTheLoss) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"statement 2", "open 2"},
                        {"opened 1", "start 1 on 1, start 2 on 1"},
                        {"opened 2", ""},
                        {"lost 1", ""},
                        {"again 1", "open 3"},
                        {"statement 3", "start 3 on 2"},
                        {"again 2", ""},
                        {"opened 3", "start 1 on 3, start 2 on 3"},
                        {"statement 4", "start 4 on 2"},
                    });
}

TEST_F(PoolStateTest, TheLeastBusyConnectionIsChosen) {
    PoolLimits with = limits();
    with.pipeline_depth_max = 10;
    check(with, {
                    {"statement 1", "open 1"},
                    {"statement 2", "open 2"},
                    {"opened 1", "start 1 on 1, start 2 on 1"},
                    {"opened 2", ""},
                    {"statement 3", "start 3 on 2"},
                    {"statement 4", "start 4 on 2"},
                    {"answers 2", ""},
                    {"statement 5", "start 5 on 2"},
                    {"statement 6", "start 6 on 1"},
                });
}

TEST_F(PoolStateTest, TooManyThatWaitAreRefused) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"statement 2", "open 2"},
                        {"session 3", ""},
                        {"statement 4", "refuse 4 exhausted"},
                        {"session 5", "refuse 5 exhausted"},
                        {"gives-up 2", ""},
                        {"statement 6", ""},
                        {"opened 1", "start 3 on 1"},
                        {"opened 2", "start 1 on 2, start 6 on 2"},
                        {"statement 7", ""},
                    });
    EXPECT_EQ(state_->waiting(), 1u);
}

TEST_F(PoolStateTest, AConnectionThatAcceptsNothingGetsNothing) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"accepts 1 nothing", ""},
                        {"statement 2", "open 2"},
                        {"accepts 1 more", "start 2 on 1"},
                        {"opened 2", ""},
                        {"statement 3", "start 3 on 2"},
                    });
}

TEST_F(PoolStateTest, ASessionGetsAnIdleConnectionForItself) {
    check(limits(), {
                        {"session 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"statement 2", "open 2"},
                        {"opened 2", "start 2 on 2"},
                        {"statement 3", "start 3 on 2"},
                        {"statement 4", ""},
                        {"released 1 well", "start 4 on 1"},
                    });
}

TEST_F(PoolStateTest, OneConnectionIsLeftToStatements) {
    check(limits(), {
                        {"session 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"session 2", ""},
                        {"statement 3", "open 2"},
                        {"opened 2", "start 3 on 2"},
                        {"answers 2", ""},
                        {"released 1 well", "start 2 on 1"},
                    });
}

TEST_F(PoolStateTest, ASessionIsNotStarvedBySteadyStatements) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"statement 2", "start 2 on 1, open 2"},
                        {"opened 2", ""},
                        {"statement 3", "start 3 on 2"},
                        {"session 4", ""},  // Connection 2 is the least busy: it is set aside.
                        {"statement 5", ""},
                        {"answers 1", "start 5 on 1"},
                        {"answers 2", "start 4 on 2"},
                        {"statement 6", ""},
                        {"answers 1", "start 6 on 1"},
                    });
}

TEST_F(PoolStateTest, WhatWasSetAsideIsFreeAgainWhenTheSessionGivesUp) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"statement 2", "open 2"},
                        {"opened 1", "start 1 on 1, start 2 on 1"},
                        {"opened 2", ""},
                        {"statement 3", "start 3 on 2"},
                        {"session 4", ""},
                        {"statement 5", ""},
                        {"gives-up 4", "start 5 on 2"},
                    });
}

TEST_F(PoolStateTest, ABrokenSessionsConnectionIsClosedAndReplaced) {
    check(limits(), {
                        {"session 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"lost 1", ""},  // The session notices by itself.
                        {"released 1 broken", "close 1"},
                        {"statement 2", "open 2"},
                        {"opened 2", "start 2 on 2"},
                    });
    EXPECT_EQ(state_->reconnects(), 1u);
}

TEST_F(PoolStateTest, WaitsLongerAfterEachFailureToConnect) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"fails 1", ""},
                        {"after 99", ""},
                        {"after 1", "open 2"},
                        {"fails 2", ""},
                        {"after 199", ""},
                        {"after 1", "open 3"},
                        {"fails 3", ""},
                        {"after 399", ""},
                        {"after 1", "open 4"},
                        {"opened 4", "start 1 on 4"},
                        {"lost 4", ""},
                        {"statement 2", "open 5"},  // After a success it does not wait.
                    });
}

TEST_F(PoolStateTest, JitterShortensTheWaitByUpToHalf) {
    state_ = std::make_unique<PoolState>(limits(), [] { return 1.0; });
    happen("statement 1");
    happen("fails 1");
    EXPECT_EQ(wakes_in(), 50);
}

TEST_F(PoolStateTest, InAnOutageRequestsAreRefusedSoonerAndSooner) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"fails 1", ""},
                        {"after 100", "open 2"},
                        {"fails 2", ""},
                        {"after 200", "open 3"},
                        {"fails 3", ""},
                        {"statement 2", ""},
                        {"after 400", "open 4"},
                        {"fails 4", ""},
                        {"after 400", "refuse 1 unreachable, open 5"},
                        {"fails 5", "refuse 2 unreachable"},
                        {"statement 3", "refuse 3 unreachable"},
                        {"quietly-after 400", ""},
                        {"session 4", "open 6"},  // It is time for an attempt.
                        {"fails 6", "refuse 4 unreachable"},
                        {"quietly-after 400", ""},
                        {"statement 5", "open 7"},
                        {"statement 6", ""},
                        {"opened 7", "start 5 on 7, start 6 on 7, open 8"},
                    });
}

TEST_F(PoolStateTest, OnlyOneAttemptIsMadeAtATimeDuringAnOutage) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"statement 2", "open 2"},
                        {"fails 1", ""},
                        {"fails 2", ""},
                        {"after 200", "open 3"},
                        {"statement 3", ""},
                        {"opened 3", "start 1 on 3, start 2 on 3, open 4"},
                    });
}

TEST_F(PoolStateTest, OpenConnectionsGoOnWhileOthersCannotBeOpened) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"statement 2", "start 2 on 1, open 2"},
                        {"fails 2", ""},
                        {"after 5000", ""},
                        {"answers 1", ""},
                        {"statement 3", "start 3 on 1, open 3"},
                        {"fails 3", ""},
                        {"statement 4", ""},
                        {"answers 1", "start 4 on 1"},
                    });
}

TEST_F(PoolStateTest, AllButOneIdleConnectionAreClosed) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"statement 2", "open 2"},
                        {"opened 1", "start 1 on 1, start 2 on 1"},
                        {"opened 2", ""},
                        {"after 9999", ""},
                        {"after 1", "close 2"},
                        {"answers 1", ""},
                        {"answers 1", ""},
                        {"after 60000", ""},
                    });
    EXPECT_EQ(wakes_in(), -1);
}

TEST_F(PoolStateTest, WakesForWhatComesFirst) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"statement 2", "open 2"},
                        {"opened 1", "start 1 on 1, start 2 on 1"},
                    });
    EXPECT_EQ(wakes_in(), -1);
    happen("opened 2");
    EXPECT_EQ(wakes_in(), 10'000);
}

// A request that no new connection could serve must not wake the pool again and again.
TEST_F(PoolStateTest, DoesNotSpinForASessionThatMustWaitForAnother) {
    check(limits(), {
                        {"session 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"statement 2", "open 2"},
                        {"fails 2", ""},
                        {"gives-up 2", ""},
                        {"session 3", ""},
                        {"after 5000", ""},
                    });
    EXPECT_EQ(wakes_in(), -1);
}

TEST_F(PoolStateTest, ARetiredConnectionAnswersWhatItHasAndIsClosed) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"retires 1", ""},
                        {"statement 2", "open 2"},
                        {"answers 1", "close 1"},
                        {"opened 2", "start 2 on 2"},
                    });
}

TEST_F(PoolStateTest, ClosingRefusesNewWorkAndLetsTheOldEnd) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"statement 2", "start 2 on 1, open 2"},
                        {"statement 3", ""},
                        {"session 4", ""},
                        {"close", "refuse 3 closed, refuse 4 closed, close 2"},
                        {"opened 2", ""},
                        {"statement 5", "refuse 5 closed"},
                        {"answers 1", ""},
                        {"answers 1", "close 1"},
                    });
    EXPECT_TRUE(state_->empty());
}

TEST_F(PoolStateTest, ClosingWaitsForSessions) {
    check(limits(), {
                        {"session 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"close", ""},
                        {"released 1 well", "close 1"},
                    });
    EXPECT_TRUE(state_->empty());
}

TEST_F(PoolStateTest, NewsOfConnectionsThatAreGoneChangeNothing) {
    check(limits(), {
                        {"statement 1", "open 1"},
                        {"opened 1", "start 1 on 1"},
                        {"lost 1", ""},
                        {"answers 1", ""},
                        {"lost 1", ""},
                        {"released 1 well", ""},
                        {"accepts 1 more", ""},
                        {"retires 1", ""},
                        {"fails 1", ""},
                        {"opened 1", ""},
                        {"gives-up 1", ""},
                    });
    EXPECT_TRUE(state_->empty());
}

}  // namespace
}  // namespace pgmind::postgres
