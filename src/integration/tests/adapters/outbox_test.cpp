#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "integration/adapters/events/outbox_runtime.hpp"
#include "integration/adapters/events/postgres_outbox.hpp"
#include "platform/postgres/testing/temporary_postgres.hpp"

namespace pgmind::integration {
namespace {

using postgres::testing::run;
using postgres::testing::TemporaryPostgres;
using std::chrono::milliseconds;

Deadline soon() {
    return Deadline::after(std::chrono::seconds(20));
}

bool eventually(const std::function<bool()>& condition) {
    const Deadline limit = Deadline::after(std::chrono::seconds(10));
    while (!condition() && !limit.passed()) {
        std::this_thread::yield();
    }
    return condition();
}

class OutboxTest : public ::testing::Test {
  protected:
    void SetUp() override {
        database_ = server_.create_database("outbox");
        ask(R"(DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgmind_owner') THEN
                    CREATE ROLE pgmind_owner NOLOGIN;
                    CREATE ROLE pgmind_gateway LOGIN;
                END IF;
            END $$)");
        ask("CREATE SCHEMA pgmind AUTHORIZATION pgmind_owner;"
            "GRANT USAGE ON SCHEMA pgmind TO pgmind_gateway");
        std::ifstream file(PGMIND_OUTBOX_SQL);
        std::ostringstream sql;
        sql << file.rdbuf();
        ask(sql.str());
    }

    postgres::ConnectionOptions gateway() const {
        postgres::ConnectionOptions options = server_.options(database_);
        options.user = "pgmind_gateway";
        return options;
    }
    std::string ask(const std::string& sql) const { return server_.ask(database_, sql); }
    void add(int count) const {
        ask("INSERT INTO pgmind.event_outbox (name, payload, request_id, principal)"
            " SELECT 'MemoryEntryStored', jsonb_build_object('number', n), 'request', 'ann'"
            " FROM generate_series(1, " +
            std::to_string(count) + ") n");
    }
    std::string left() const { return ask("SELECT count(*) FROM pgmind.event_outbox"); }

    TemporaryPostgres& server_ = TemporaryPostgres::instance();
    std::string database_;
};

TEST_F(OutboxTest, AClaimIsExclusiveAndComesBackUnlessFinished) {
    boost::asio::io_context loop;
    postgres::Pool pool(loop, gateway(), {}, nullptr);
    const auto one = make_postgres_outbox(pool, "shard-1/project");
    const auto two = make_postgres_outbox(pool, "shard-1/project");
    EXPECT_EQ(run(loop, one->claim(10, soon())).value(), nullptr) << "nothing is due";
    add(3);
    {
        const auto claim = run(loop, one->claim(2, soon()));
        ASSERT_TRUE(claim && *claim);
        const auto& events = (*claim)->events();
        ASSERT_EQ(events.size(), 2u);
        EXPECT_EQ(events[0].name, "MemoryEntryStored");
        EXPECT_EQ(events[0].payload, "{\"number\": 1}");
        EXPECT_EQ(events[0].request_id, "request");
        EXPECT_EQ(events[0].principal, "ann");
        EXPECT_EQ(events[0].database, "shard-1/project");
        EXPECT_GT(events[0].created_at, WallTime());
        EXPECT_EQ(run(loop, two->claim(2, soon())).value(), nullptr) << "another is at work";
    }
    std::unique_ptr<OutboxClaim> claim;
    const Deadline limit = soon();
    while (claim == nullptr && !limit.passed()) {  // Until the server has rolled back.
        claim = std::move(*run(loop, two->claim(10, soon())));
    }
    ASSERT_NE(claim, nullptr);
    ASSERT_EQ(claim->events().size(), 3u);
    OutboxOutcome outcome;
    outcome.delivered = {claim->events()[0].id};
    outcome.failed = {{claim->events()[1].id, "no", milliseconds(3'600'000)}};
    outcome.dead = {{claim->events()[2].id, "never", {}}};
    const auto finished = run(loop, claim->finish(outcome, soon()));
    ASSERT_TRUE(finished) << finished.error().detail;
    claim.reset();
    EXPECT_EQ(ask("SELECT string_agg(attempts || ' ' || (retry_at > now()), ',')"
                  " FROM pgmind.event_outbox"),
              "1 true");
    EXPECT_EQ(ask("SELECT string_agg(error || ' ' || attempts || ' ' || (payload->>'number'), ',')"
                  " FROM pgmind.event_dead_letters"),
              "never 1 3");
    EXPECT_EQ(run(loop, one->claim(10, soon())).value(), nullptr) << "what failed is not due yet";
    run(loop, pool.close(soon()));
}

/// Handlers run on the relays' thread; the test looks from its own.
class Collector final : public OutboxSubscriber {
  public:
    std::string_view name() const override { return "collector"; }
    Task<Result<void>> handle(const OutboxEvent& event, Deadline) override {
        const std::lock_guard lock(mutex_);
        ids_.push_back(event.id);
        co_return Result<void>();
    }
    std::vector<std::int64_t> ids() const {
        const std::lock_guard lock(mutex_);
        return ids_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::int64_t> ids_;
};

TEST_F(OutboxTest, TheRuntimeDeliversWhatIsThereAndWhatComes) {
    metrics::Registry registry;
    const auto collector = std::make_shared<Collector>();
    add(1'200);
    OutboxRuntime runtime({{"shard-1/project", gateway()}}, {collector}, registry, {});
    ASSERT_TRUE(eventually([&] { return collector->ids().size() == 1'200; }));
    const auto ids = collector->ids();
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    add(1);  // Without a notification polling finds it.
    ASSERT_TRUE(eventually([&] { return collector->ids().size() == 1'201; }));
    ASSERT_TRUE(eventually([&] { return left() == "0"; }));
    EXPECT_NE(registry.render().find("pgmind_outbox_events_total{name=\"MemoryEntryStored\"} 1201"),
              std::string::npos);
    EXPECT_EQ(runtime.statistics().delivered, 1'201u);
    runtime.stop();
    add(1);
    EXPECT_EQ(left(), "1");
}

TEST_F(OutboxTest, ANotificationWakesTheRelay) {
    metrics::Registry registry;
    const auto collector = std::make_shared<Collector>();
    OutboxRuntime runtime({{"shard-1/project", gateway()}}, {collector}, registry,
                          {.poll_every = std::chrono::hours(1)});
    ask("INSERT INTO pgmind.event_outbox (name) VALUES ('First')");
    const auto listening = [&] {
        return ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                   " AND query ILIKE 'LISTEN%'") != "0";
    };
    ASSERT_TRUE(eventually(listening));
    ask("INSERT INTO pgmind.event_outbox (name) VALUES ('Second');"
        "SELECT pg_notify('pgmind_outbox', '')");
    ASSERT_TRUE(eventually([&] { return collector->ids().size() == 2; }));
}

TEST_F(OutboxTest, TwoGatewaysShareTheWorkAndNothingIsLost) {
    metrics::Registry registry_one;
    metrics::Registry registry_two;
    const auto one = std::make_shared<Collector>();
    const auto two = std::make_shared<Collector>();
    {
        const OutboxLimits limits{.batch_max = 20, .poll_every = milliseconds(5)};
        OutboxRuntime first({{"shard-1/project", gateway()}}, {one}, registry_one, limits);
        OutboxRuntime second({{"shard-1/project", gateway()}}, {two}, registry_two, limits);
        for (int i = 0; i < 20; ++i) {
            add(50);
        }
        ASSERT_TRUE(eventually([&] { return left() == "0"; }));
    }
    std::set<std::int64_t> seen;
    std::size_t count = 0;
    for (const auto& collector : {one, two}) {
        const auto ids = collector->ids();
        count += ids.size();
        seen.insert(ids.begin(), ids.end());
    }
    EXPECT_EQ(seen.size(), 1'000u);
    EXPECT_EQ(count, 1'000u) << "twice only after a crash";
}

}  // namespace
}  // namespace pgmind::integration
