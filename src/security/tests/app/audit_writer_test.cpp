#include "security/app/audit_writer.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "async/workers.hpp"
#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using std::chrono::milliseconds;
using testing::Harness;

AuditRecord numbered(int number) {
    AuditRecord record;
    record.reason = std::to_string(number);
    return record;
}

TEST(AuditWriter, WritesInGroupsAndInOrder) {
    Harness test({.batch_max = 100, .flush_at = 50});
    for (int i = 0; i < 250; ++i) {
        ASSERT_TRUE(test.audit.enqueue(numbered(i)));
    }
    ASSERT_TRUE(test.run_until([&] { return test.audit_store.records.size() == 250; }));
    EXPECT_EQ(test.audit_store.batch_sizes, (std::vector<std::size_t>{100, 100, 50}));
    for (int i = 0; i < 250; ++i) {
        EXPECT_EQ(test.audit_store.records[static_cast<std::size_t>(i)].reason, std::to_string(i));
    }
    const AuditStatistics statistics = test.audit.statistics();
    EXPECT_EQ(statistics.accepted, 250u);
    EXPECT_EQ(statistics.committed, 250u);
    EXPECT_EQ(statistics.queued, 0u);
}

TEST(AuditWriter, KeepsARecordNoLongerThanTheFlushTime) {
    Harness test({.flush_after = milliseconds(20)});
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(test.audit.enqueue(numbered(1)));
    ASSERT_TRUE(test.run_until([&] { return test.audit_store.records.size() == 1; }));
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, milliseconds(20));
    EXPECT_LT(took, milliseconds(500));
}

TEST(AuditWriter, ADurableRecordTakesTheQueuedOnesAlong) {
    Harness test({.flush_after = milliseconds(60'000)});
    ASSERT_TRUE(test.audit.enqueue(numbered(1)));
    test.settle();
    EXPECT_TRUE(test.audit_store.records.empty());
    EXPECT_TRUE(test.run(test.audit.write_durably(numbered(2), test.request.deadline)));
    ASSERT_EQ(test.audit_store.records.size(), 2u);
    EXPECT_EQ(test.audit_store.batch_sizes, (std::vector<std::size_t>{2}));
}

TEST(AuditWriter, TriesAgainAndWritesNothingTwice) {
    Harness test({.flush_after = milliseconds(1),
                  .retry_min = milliseconds(1),
                  .retry_max = milliseconds(5)});
    test.audit_store.failing = true;
    test.audit_store.fails_after_writing = true;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(test.audit.enqueue(numbered(i)));
    }
    ASSERT_TRUE(test.run_until([&] { return test.audit.statistics().failed_batches >= 3; }));
    EXPECT_EQ(test.audit.problem(), "the answer was lost");
    EXPECT_EQ(test.audit.statistics().queued, 5u);
    test.audit_store.failing = false;
    ASSERT_TRUE(test.run_until([&] { return test.audit.statistics().queued == 0; }));
    EXPECT_EQ(test.audit_store.records.size(), 5u);
    EXPECT_EQ(test.audit.problem(), "");
}

TEST(AuditWriter, RefusesWhenFull) {
    Harness test({.queue_max = 10, .admit_max = 8});
    test.audit_store.cork();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(test.audit.admit().has_value(), i < 8);
        ASSERT_TRUE(test.audit.enqueue(numbered(i)));
    }
    EXPECT_TRUE(test.audit.enqueue(numbered(10)).error().is(Failure::unavailable));
    const auto durable = test.run(test.audit.write_durably(numbered(11), test.request.deadline));
    EXPECT_EQ(durable.error().code, make_error_code(Errc::audit_unavailable));
    EXPECT_EQ(test.audit.statistics().refused, 2u);
    test.audit_store.uncork();
}

TEST(AuditWriter, RefusesWhenTheStoreFailsForTooLong) {
    Harness test({.flush_after = milliseconds(1),
                  .retry_min = milliseconds(1),
                  .retry_max = milliseconds(2),
                  .failing_max = milliseconds(30)});
    test.audit_store.failing = true;
    ASSERT_TRUE(test.audit.enqueue(numbered(0)));
    ASSERT_TRUE(test.run_until([&] { return !test.audit.admit(); }));
    EXPECT_TRUE(test.audit.enqueue(numbered(1)).error().is(Failure::unavailable));
    test.audit_store.failing = false;
    ASSERT_TRUE(test.run_until([&] { return test.audit.admit().has_value(); }));
    EXPECT_TRUE(test.audit.enqueue(numbered(2)));
}

TEST(AuditWriter, StoppingWritesTheRestAndTakesNoMore) {
    Harness test({.batch_max = 10, .flush_after = milliseconds(60'000)});
    for (int i = 0; i < 35; ++i) {
        ASSERT_TRUE(test.audit.enqueue(numbered(i)));
    }
    EXPECT_TRUE(test.run(test.audit.stop(test.request.deadline)));
    EXPECT_EQ(test.audit_store.records.size(), 35u);
    EXPECT_FALSE(test.audit.enqueue(numbered(35)));
}

TEST(AuditWriter, StoppingSaysHowManyWereLost) {
    Harness test;
    test.audit_store.failing = true;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(test.audit.enqueue(numbered(i)));
    }
    const auto stopped = test.run(test.audit.stop(Deadline::after(milliseconds(30))));
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().detail, "3 audit records could not be written");
}

// Every record of every worker arrives once, in the order of its worker; class A is there when its
// call returns. Run under ThreadSanitizer as well.
TEST(AuditWriter, TakesRecordsOfManyWorkersAtOnce) {
    constexpr int kWorkers = 3;
    constexpr int kRecords = 2'000;
    boost::asio::io_context here;  // Outlives the thread that sends answers to it.
    async::Workers workers(kWorkers + 1);
    testing::FakeAuditStore store(workers.executor(0));
    AuditWriter audit(workers.executor(0), store, system_clock(), AuditLimits{});
    struct Writing {
        static Task<void> run(AuditWriter& writer, std::atomic<bool>& done) {
            co_await writer.run();
            done = true;
        }
    };
    std::atomic<bool> ended = false;
    async::spawn(workers.executor(0), Writing::run(audit, ended));
    workers.start();

    struct Job {
        static Task<void> run(AuditWriter& writer, int worker, std::atomic<int>& left) {
            for (int i = 0; i < kRecords; ++i) {
                AuditRecord record = numbered(i);
                record.action = std::to_string(worker);
                if (i % 100 == 0) {
                    const Deadline deadline = Deadline::after(std::chrono::seconds(30));
                    const auto written = co_await writer.write_durably(std::move(record), deadline);
                    EXPECT_TRUE(written.has_value());
                } else {
                    EXPECT_TRUE(writer.enqueue(std::move(record)).has_value());
                }
            }
            --left;
        }
    };
    std::atomic<int> left = kWorkers;
    for (int worker = 1; worker <= kWorkers; ++worker) {
        async::spawn(workers.executor(static_cast<std::size_t>(worker)),
                     Job::run(audit, worker, left));
    }
    while (left > 0) {
        std::this_thread::yield();
    }
    const Deadline deadline = Deadline::after(std::chrono::seconds(30));
    auto stop = async::run_on(workers.executor(0), audit.stop(deadline));
    EXPECT_TRUE(async::run_blocking_loop(here, std::move(stop)));
    while (!ended) {
        std::this_thread::yield();
    }
    workers.stop();
    workers.join();

    std::vector<int> next(kWorkers + 1, 0);
    for (const AuditRecord& record : store.records) {
        auto& expected = next[static_cast<std::size_t>(record.action[0] - '0')];
        EXPECT_EQ(record.reason, std::to_string(expected++));
    }
    EXPECT_EQ(std::accumulate(next.begin(), next.end(), 0), kWorkers * kRecords);
}

}  // namespace
}  // namespace pgmind::security
