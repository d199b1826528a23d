#include "integration/app/outbox_relay.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace pgmind::integration {
namespace {

using std::chrono::milliseconds;

/// An outbox in memory: claimed events come back unless they were finished.
class FakeOutbox final : public OutboxStore {
  public:
    struct Row {
        OutboxEvent event;
        milliseconds retry_after{0};
    };
    std::map<std::int64_t, Row> rows;
    std::vector<FailedDelivery> dead;
    bool claim_fails = false;
    bool finish_fails = false;
    bool taken_by_another = false;
    bool everything_due = true;

    void add(std::int64_t id) {
        OutboxEvent event;
        event.id = id;
        event.name = "MemoryEntryStored";
        rows[id].event = event;
    }

    Task<Result<std::unique_ptr<OutboxClaim>>> claim(std::size_t events_max, Deadline) override {
        if (claim_fails) {
            co_return fail(BaseErrc::unavailable, "the shard is away");
        }
        std::vector<OutboxEvent> events;
        for (const auto& [id, row] : rows) {
            const bool due = everything_due || row.retry_after == milliseconds(0);
            if (due && events.size() < events_max) {
                events.push_back(row.event);
            }
        }
        if (events.empty() || taken_by_another) {
            co_return std::unique_ptr<OutboxClaim>();
        }
        co_return std::make_unique<Claim>(*this, std::move(events));
    }

  private:
    class Claim final : public OutboxClaim {
      public:
        Claim(FakeOutbox& outbox, std::vector<OutboxEvent> events)
            : outbox_(outbox), events_(std::move(events)) {}
        const std::vector<OutboxEvent>& events() const override { return events_; }
        Task<Result<void>> finish(const OutboxOutcome& outcome, Deadline) override {
            if (outbox_.finish_fails) {
                co_return fail(BaseErrc::unavailable, "the commit was lost");
            }
            for (const std::int64_t id : outcome.delivered) {
                outbox_.rows.erase(id);
            }
            for (const FailedDelivery& failed : outcome.failed) {
                ++outbox_.rows.at(failed.id).event.attempts;
                outbox_.rows.at(failed.id).retry_after = failed.retry_after;
            }
            for (const FailedDelivery& failed : outcome.dead) {
                outbox_.dead.push_back(failed);
                outbox_.rows.erase(failed.id);
            }
            co_return Result<void>();
        }

      private:
        FakeOutbox& outbox_;
        std::vector<OutboxEvent> events_;
    };
};

class Recorder final : public OutboxSubscriber {
  public:
    explicit Recorder(std::string name) : name_(std::move(name)) {}
    std::vector<std::int64_t> seen;
    std::int64_t refuses = -1;

    std::string_view name() const override { return name_; }
    Task<Result<void>> handle(const OutboxEvent& event, Deadline) override {
        if (event.id == refuses) {
            co_return fail(BaseErrc::internal, "cannot take it");
        }
        seen.push_back(event.id);
        co_return Result<void>();
    }

  private:
    std::string name_;
};

class OutboxRelayTest : public ::testing::Test {
  protected:
    OutboxRelay make(OutboxLimits limits) {
        return OutboxRelay(
            loop_.get_executor(), outbox_, {first_, second_},
            [this](const OutboxEvent& event) { observed_.push_back(event.id); }, limits);
    }
    Result<std::size_t> deliver(OutboxRelay& relay) {
        return async::run_blocking_loop(loop_, relay.deliver_batch());
    }
    bool run_until(std::function<bool()> condition) {
        const Deadline limit = Deadline::after(std::chrono::seconds(5));
        loop_.restart();
        while (!condition() && !limit.passed()) {
            loop_.run_one_for(milliseconds(10));
        }
        return condition();
    }

    boost::asio::io_context loop_{1};
    FakeOutbox outbox_;
    std::shared_ptr<Recorder> first_ = std::make_shared<Recorder>("first");
    std::shared_ptr<Recorder> second_ = std::make_shared<Recorder>("second");
    std::vector<std::int64_t> observed_;
};

TEST_F(OutboxRelayTest, DeliversInOrderToEverySubscriberAndForgets) {
    for (const std::int64_t id : {3, 1, 2, 5, 4}) {
        outbox_.add(id);
    }
    OutboxRelay relay = make({.batch_max = 3});
    EXPECT_EQ(deliver(relay).value(), 3u);
    EXPECT_EQ(deliver(relay).value(), 2u);
    EXPECT_EQ(deliver(relay).value(), 0u);
    EXPECT_EQ(first_->seen, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(second_->seen, first_->seen);
    EXPECT_EQ(observed_, first_->seen);
    EXPECT_TRUE(outbox_.rows.empty());
    EXPECT_EQ(relay.statistics().delivered, 5u);
}

TEST_F(OutboxRelayTest, WhatWasNotAcknowledgedComesAgain) {
    outbox_.add(1);
    OutboxRelay relay = make({});
    outbox_.finish_fails = true;
    EXPECT_FALSE(deliver(relay));
    EXPECT_TRUE(observed_.empty());
    outbox_.finish_fails = false;
    EXPECT_EQ(deliver(relay).value(), 1u);
    EXPECT_EQ(first_->seen, (std::vector<std::int64_t>{1, 1})) << "at least once";
    EXPECT_TRUE(outbox_.rows.empty());
}

TEST_F(OutboxRelayTest, AFailureWaitsLongerEachTimeAndHoldsUpNobody) {
    outbox_.add(1);
    outbox_.add(2);
    second_->refuses = 1;
    OutboxRelay relay =
        make({.attempts_max = 4, .retry_min = milliseconds(100), .retry_max = milliseconds(150)});
    EXPECT_EQ(deliver(relay).value(), 2u);
    EXPECT_EQ(first_->seen, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(second_->seen, (std::vector<std::int64_t>{2}));
    EXPECT_EQ(outbox_.rows.at(1).retry_after, milliseconds(100));
    deliver(relay);
    EXPECT_EQ(outbox_.rows.at(1).retry_after, milliseconds(150));
    deliver(relay);
    EXPECT_EQ(outbox_.rows.at(1).event.attempts, 3);
    deliver(relay);
    EXPECT_TRUE(outbox_.rows.empty());
    ASSERT_EQ(outbox_.dead.size(), 1u);
    EXPECT_EQ(outbox_.dead[0].error, "second: cannot take it");
    EXPECT_EQ(relay.statistics().dead, 1u);
    EXPECT_EQ(relay.statistics().failed, 4u);
    EXPECT_EQ(observed_, (std::vector<std::int64_t>{2}));
}

TEST_F(OutboxRelayTest, RunsUntilStoppedAtOnceWhenWokenAndByPollingWhenNot) {
    OutboxRelay relay = make({.poll_every = milliseconds(200)});
    async::spawn(loop_.get_executor(), relay.run());
    outbox_.add(1);
    ASSERT_TRUE(run_until([&] { return outbox_.rows.empty(); }));
    outbox_.add(2);
    ASSERT_TRUE(run_until([&] { return outbox_.rows.empty(); }));
    const auto begin = std::chrono::steady_clock::now();
    outbox_.add(3);
    relay.wake();
    ASSERT_TRUE(run_until([&] { return outbox_.rows.empty(); }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(190));

    outbox_.claim_fails = true;
    ASSERT_TRUE(run_until([&] { return !relay.problem().empty(); }));
    EXPECT_EQ(relay.problem(), "the shard is away");
    outbox_.claim_fails = false;
    ASSERT_TRUE(run_until([&] { return relay.problem().empty(); }));
    relay.stop();
    outbox_.add(4);
    loop_.restart();
    loop_.run_for(milliseconds(250));
    EXPECT_EQ(outbox_.rows.size(), 1u);
}

TEST_F(OutboxRelayTest, LeavesADatabaseThatAnotherGatewayWorksOn) {
    outbox_.add(1);
    outbox_.taken_by_another = true;
    OutboxRelay relay = make({});
    EXPECT_EQ(deliver(relay).value(), 0u);
    EXPECT_TRUE(first_->seen.empty());
}

}  // namespace
}  // namespace pgmind::integration
