#include "security/app/directory_refresher.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "security/tests/app/harness.hpp"

namespace pgmind::security {
namespace {

using std::chrono::milliseconds;
using testing::Harness;

TEST(DirectoryRefresher, LoadsOnlyWhatChanged) {
    Harness test;
    test.refresh();
    EXPECT_EQ(test.directory_store.loads, 1);
    const SteadyTime confirmed = test.cache.confirmed_at();
    EXPECT_TRUE(test.run(test.refresher.refresh(test.request.deadline)));
    EXPECT_EQ(test.directory_store.loads, 1);
    EXPECT_GT(test.cache.confirmed_at(), confirmed);
    // The same number with another token is another state: a restored backup.
    test.directory_store.contents.revision.token = "restored";
    EXPECT_TRUE(test.run(test.refresher.refresh(test.request.deadline)));
    EXPECT_EQ(test.directory_store.loads, 2);
}

TEST(DirectoryRefresher, RunsUntilStoppedAndAtOnceWhenWoken) {
    Harness test;
    async::spawn(test.loop.get_executor(), test.refresher.run());
    ASSERT_TRUE(test.run_until([&] { return test.cache.newest() != nullptr; }));
    const int looks = test.directory_store.looks;
    const auto begin = std::chrono::steady_clock::now();
    test.directory_store.change_by_others();
    test.refresher.wake();
    ASSERT_TRUE(test.run_until(
        [&] { return test.cache.newest()->revision() == test.directory_store.contents.revision; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(500));
    EXPECT_EQ(test.directory_store.looks, looks + 1);

    test.directory_store.change_by_others();
    ASSERT_TRUE(test.run_until([&] {
        return test.cache.newest()->revision() == test.directory_store.contents.revision;
    })) << "without a wake-up, polling finds it";
    test.refresher.stop();
    test.settle();
    const int last = test.directory_store.looks;
    test.refresher.wake();
    test.settle();
    EXPECT_EQ(test.directory_store.looks, last);
}

TEST(DirectoryRefresher, KeepsTheReasonOfAFailure) {
    Harness test;
    test.directory_store.failing = true;
    EXPECT_FALSE(test.run(test.refresher.refresh(test.request.deadline)));
    EXPECT_EQ(test.refresher.problem(), "the directory is away");
    test.directory_store.failing = false;
    EXPECT_TRUE(test.run(test.refresher.refresh(test.request.deadline)));
    EXPECT_EQ(test.refresher.problem(), "");
}

TEST(DirectoryCache, ReadersOnOtherThreadsSeeWholeDirectories) {
    DirectoryCache cache;
    std::atomic<bool> done = false;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            DirectoryReader reader(cache, std::chrono::hours(1));
            std::int64_t newest = 0;
            while (!done) {
                const auto directory = reader.current(std::chrono::steady_clock::now());
                if (directory) {
                    const auto& contents = (*directory)->contents();
                    EXPECT_GE(contents.revision.number, newest);
                    newest = contents.revision.number;
                    EXPECT_EQ(contents.principals.size(), static_cast<std::size_t>(newest % 7));
                }
            }
        });
    }
    for (std::int64_t number = 1; number <= 2'000; ++number) {
        DirectoryContents contents;
        contents.revision = {number, ""};
        contents.principals.resize(static_cast<std::size_t>(number % 7));
        cache.publish(std::make_shared<const Directory>(std::move(contents)),
                      std::chrono::steady_clock::now());
    }
    done = true;
    for (std::thread& reader : readers) {
        reader.join();
    }
}

}  // namespace
}  // namespace pgmind::security
