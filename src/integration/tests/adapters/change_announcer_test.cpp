#include "integration/adapters/events/change_announcer.hpp"

#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "async/task.hpp"

namespace pgmind::integration {
namespace {

class ChangeAnnouncerTest : public testing::Test {
  protected:
    ChangeAnnouncerTest() {
        bus_.subscribe("test", 100, [this](const DomainEvent& event) {
            const std::lock_guard lock(mutex_);
            std::string line(event.name);
            for (const auto& [name, value] : event.attributes) {
                line += " " + value;
            }
            seen_.push_back(std::move(line));
        });
    }

    Result<void> handle(std::string name, std::string payload, std::string request_id = "") {
        OutboxEvent event;
        event.name = std::move(name);
        event.payload = std::move(payload);
        event.request_id = std::move(request_id);
        boost::asio::io_context loop{1};
        const Deadline deadline = Deadline::after(std::chrono::seconds(30));
        return async::run_blocking_loop(loop, announcer_->handle(event, deadline));
    }
    std::vector<std::string> seen() {
        bus_.drain();
        const std::lock_guard lock(mutex_);
        return seen_;
    }

    std::mutex mutex_;
    std::vector<std::string> seen_;
    async::EventBus bus_;
    std::shared_ptr<OutboxSubscriber> announcer_ = make_change_announcer(bus_);
};

TEST_F(ChangeAnnouncerTest, TellsOfChangesThatNoRequestMade) {
    EXPECT_TRUE(handle("NamespaceCreated", R"({"namespace":"n"})"));
    EXPECT_TRUE(handle("MemoryEntryStored",
                       R"({"namespace":"n","key":"k\"","version":2,"created":false})"));
    EXPECT_TRUE(handle("MemoryEntryDeleted", R"({"namespace":"n","key":"k","version":2})"));
    EXPECT_TRUE(handle("MemoryEntryExpired", R"({"namespace":"n","key":"old","version":1})"));
    EXPECT_TRUE(handle("NamespaceDeleted", R"({"namespace":"n"})"));
    const std::vector<std::string> expected{"NamespaceCreated n", "MemoryEntryStored n k\" 2 false",
                                            "MemoryEntryDeleted n k", "MemoryEntryDeleted n old",
                                            "NamespaceDeleted n"};
    EXPECT_EQ(seen(), expected);
}

TEST_F(ChangeAnnouncerTest, LeavesToTheGatewayWhatARequestMade) {
    EXPECT_TRUE(handle("NamespaceCreated", R"({"namespace":"n"})", "request-1"));
    EXPECT_TRUE(handle("MemoryEntriesImported", R"({"namespace":"n","entries":3})"));
    EXPECT_TRUE(seen().empty());
}

TEST_F(ChangeAnnouncerTest, RefusesWhatItCannotRead) {
    for (const char* payload :
         {"{}", "[1]", R"({"namespace":"n"})", R"({"namespace":1,"key":"k"})"}) {
        EXPECT_FALSE(handle("MemoryEntryStored", payload)) << payload;
    }
    EXPECT_TRUE(seen().empty());
}

}  // namespace
}  // namespace pgmind::integration
