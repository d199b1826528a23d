#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::postgres {

/// Listens on channels (LISTEN) over a connection of its own, reconnecting with back-off until
/// stopped. Notifications sent while it was not connected are lost by nature: `on_connected` runs
/// after every (re)connect, so that the owner can look for what it missed. Belongs to one loop.
/// Handlers run on the loop, must not block, and are not called after stop() or destruction.
class Listener {
  public:
    using NotificationHandler =
        std::function<void(std::string_view channel, std::string_view payload)>;
    using ConnectedHandler = std::function<void()>;

    /// A channel's name has 1 to 63 bytes; another one is a bug and throws.
    Listener(boost::asio::io_context& loop, ConnectionOptions options,
             std::vector<std::string> channels, NotificationHandler on_notification,
             ConnectedHandler on_connected);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    /// Returns when all has ended, which an attempt to connect may delay by connect_timeout. The
    /// listener cannot be started again.
    Task<void> stop();

  private:
    class Implementation;
    std::shared_ptr<Implementation> implementation_;
};

}  // namespace pgmind::postgres
