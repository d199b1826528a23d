#include "platform/postgres/listener.hpp"

#include "platform/postgres/tests/pool_fixture.hpp"

namespace pgmind::postgres::testing {
namespace {

class ListenerTest : public PoolFixture {
  protected:
    ListenerTest() : PoolFixture(server()) {}
    static TemporaryPostgres& server() {
        static TemporaryPostgres own;  // One test restarts it.
        return own;
    }

    std::unique_ptr<Listener> listen(std::vector<std::string> channels) {
        auto listener = std::make_unique<Listener>(
            loop_, server_.options(database_), std::move(channels),
            [this](std::string_view channel, std::string_view payload) {
                heard_.push_back(std::string(channel) + ": " + std::string(payload));
            },
            [this] { ++connected_; });
        listener->start();
        return listener;
    }
    void notify(const std::string& channel, const std::string& payload) {
        ask("SELECT pg_notify('" + channel + "', '" + payload + "')");
    }

    std::vector<std::string> heard_;
    int connected_ = 0;
};

TEST_F(ListenerTest, HearsItsChannelsAndNoOther) {
    const auto listener = listen({"one", "Strange \"name\""});
    ASSERT_TRUE(eventually([&] { return connected_ == 1; }));
    notify("other", "x");
    notify("one", "first");
    notify("Strange \"name\"", "");
    ASSERT_TRUE(eventually([&] { return heard_.size() == 2; }));
    EXPECT_EQ(heard_[0], "one: first");
    EXPECT_EQ(heard_[1], "Strange \"name\": ");
    run(loop_, listener->stop());
    notify("one", "too late");
    run(loop_, async::wait_for(std::chrono::milliseconds(20)));
    EXPECT_EQ(heard_.size(), 2u);
}

TEST_F(ListenerTest, ListensAgainAfterARestartOfTheServer) {
    const auto listener = listen({"one"});
    ASSERT_TRUE(eventually([&] { return connected_ == 1; }));
    server_.kill();
    server_.restart();
    ASSERT_TRUE(eventually([&] { return connected_ == 2; }));
    notify("one", "after");
    ASSERT_TRUE(eventually([&] { return heard_.size() == 1; }));
    EXPECT_EQ(heard_[0], "one: after");
    run(loop_, listener->stop());
}

TEST_F(ListenerTest, StopsWhileItCannotConnect) {
    server_.stop();
    const auto listener = listen({"one"});
    run(loop_, async::wait_for(std::chrono::milliseconds(300)));
    run(loop_, listener->stop());
    EXPECT_EQ(connected_, 0);
    server_.restart();
}

TEST_F(ListenerTest, MayBeDestroyedWithoutBeingStopped) {
    auto listener = listen({"one"});
    ASSERT_TRUE(eventually([&] { return connected_ == 1; }));
    listener.reset();
    notify("one", "nobody");
    run(loop_, async::wait_for(std::chrono::milliseconds(20)));
    EXPECT_TRUE(heard_.empty());
}

TEST_F(ListenerTest, ManyNotificationsArriveInOrder) {
    const auto listener = listen({"one"});
    ASSERT_TRUE(eventually([&] { return connected_ == 1; }));
    ask("SELECT count(pg_notify('one', n::text)) FROM generate_series(0, 4999) n");
    ASSERT_TRUE(eventually([&] { return heard_.size() == 5000; }));
    for (std::size_t i = 0; i < heard_.size(); ++i) {
        EXPECT_EQ(heard_[i], "one: " + std::to_string(i));
    }
    run(loop_, listener->stop());
}

TEST_F(ListenerTest, ImpossibleChannelsAreBugs) {
    for (const std::string& channel : {std::string(), std::string(64, 'x')}) {
        EXPECT_THROW(Listener(loop_, server_.options(database_), {channel}, nullptr, nullptr),
                     std::logic_error);
    }
}

}  // namespace
}  // namespace pgmind::postgres::testing
