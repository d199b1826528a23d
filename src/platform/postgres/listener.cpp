#include "platform/postgres/listener.hpp"

#include <algorithm>
#include <stdexcept>

#include "async/notifier.hpp"
#include "platform/postgres/detail/connection.hpp"
#include "platform/postgres/detail/jitter.hpp"
#include "platform/postgres/errors.hpp"

namespace pgmind::postgres {
namespace {

constexpr std::chrono::milliseconds kBackoffMin{100};
constexpr std::chrono::milliseconds kBackoffMax{5'000};
// A server that is gone without a word is noticed after silence of this length, and no answer.
constexpr std::chrono::seconds kSilenceMax{30};
constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::size_t kChannelBytesMax = 63;  // NAMEDATALEN - 1

std::string quoted_name(std::string_view identifier) {
    std::string text = "\"";
    for (const char c : identifier) {
        text.append(c == '"' ? 2 : 1, c);
    }
    text.push_back('"');
    return text;
}

void check_channels(const std::vector<std::string>& channels) {
    for (const std::string& channel : channels) {
        if (channel.empty() || channel.size() > kChannelBytesMax) {
            throw std::logic_error("a channel's name has 1 to 63 bytes: '" + channel + "'");
        }
    }
}

}  // namespace

class Listener::Implementation final
    : public std::enable_shared_from_this<Listener::Implementation>,
      public Connection::Owner {
  public:
    using Self = std::shared_ptr<Implementation>;

    Implementation(Executor executor, ConnectionOptions options, std::vector<std::string> channels,
                   NotificationHandler on_notification, ConnectedHandler on_connected)
        : executor_(executor),
          options_(std::move(options)),
          channels_(std::move(channels)),
          on_notification_(std::move(on_notification)),
          on_connected_(std::move(on_connected)),
          changed_(executor) {}

    void start() {
        if (finished_ && !stopping_) {
            finished_ = false;
            async::spawn(executor_, run(shared_from_this()));
        }
    }

    // No handler is called from now on.
    void end() {
        stopping_ = true;
        if (connection_ != nullptr) {
            connection_->lose(Error(Errc::closed, "the listener was stopped"));
        }
        changed_.notify_all();
    }

    static Task<void> stop(Self self) {
        self->end();
        while (!self->finished_) {
            co_await self->changed_.wait();
        }
    }

    void operation_ended(Connection&, OperationPointer) override {}
    void accepting_changed(Connection&, bool) override {}
    void connection_lost(Connection&) override { changed_.notify_all(); }
    void notified(std::string_view channel, std::string_view payload) override {
        if (!stopping_ && on_notification_) {
            on_notification_(channel, payload);
        }
    }

  private:
    static Task<void> run(Self self);
    static Task<bool> connect(Self self);
    static Task<bool> execute(Self self, std::string sql);
    static Task<void> watch_over(Self self);
    std::chrono::milliseconds next_backoff();

    Executor executor_;
    ConnectionOptions options_;
    std::vector<std::string> channels_;
    NotificationHandler on_notification_;
    ConnectedHandler on_connected_;
    async::Notifier changed_;
    Jitter jitter_;
    std::shared_ptr<Connection> connection_;
    std::chrono::milliseconds backoff_ = kBackoffMin;
    bool stopping_ = false;
    bool finished_ = true;
};

Task<void> Listener::Implementation::run(Self self) {
    while (!self->stopping_) {
        const bool connected = co_await connect(self);
        if (connected) {
            self->backoff_ = kBackoffMin;
            if (self->on_connected_) {
                self->on_connected_();
            }
            co_await watch_over(self);
        }
        const Deadline retry = Deadline::after(self->next_backoff());
        while (!self->stopping_ && !retry.passed()) {
            co_await self->changed_.wait_until(retry);
        }
    }
    self->finished_ = true;
    self->changed_.notify_all();
}

Task<bool> Listener::Implementation::connect(Self self) {
    const Deadline deadline = Deadline::after(self->options_.connect_timeout);
    auto connection = co_await Connection::open(self->options_, deadline);
    if (!connection) {
        co_return false;
    }
    self->connection_ = std::move(*connection);
    self->connection_->set_owner(self.get(), 0);
    self->connection_->set_exclusive(true);
    for (const std::string& channel : self->channels_) {
        const bool listening = co_await execute(self, "LISTEN " + quoted_name(channel));
        if (!listening) {
            co_return false;
        }
    }
    co_return !self->stopping_;
}

// False when the connection is lost, or the listener stopped.
Task<bool> Listener::Implementation::execute(Self self, std::string sql) {
    const std::shared_ptr<Connection> connection = self->connection_;
    const auto operation =
        std::make_shared<Operation>(self->executor_, Deadline::after(kAnswerTime));
    operation->sql_storage = std::move(sql);
    connection->submit(operation);
    const bool answered = co_await operation->wait();
    if (!answered || !operation->result || self->stopping_) {
        connection->lose(Error(Errc::connection_lost, "the server of the listener is gone"));
        co_return false;
    }
    co_return true;
}

Task<void> Listener::Implementation::watch_over(Self self) {
    while (!self->stopping_ && !self->connection_->broken()) {
        const Deadline silence = Deadline::after(kSilenceMax);
        const bool changed = co_await self->changed_.wait_until(silence);
        if (!changed) {
            co_await execute(self, "SELECT 1");
        }
    }
}

std::chrono::milliseconds Listener::Implementation::next_backoff() {
    const std::chrono::milliseconds full = backoff_;
    backoff_ = std::min(backoff_ * 2, kBackoffMax);
    return std::chrono::duration_cast<std::chrono::milliseconds>(full *
                                                                 (1.0 - 0.5 * jitter_.next()));
}

Listener::Listener(boost::asio::io_context& loop, ConnectionOptions options,
                   std::vector<std::string> channels, NotificationHandler on_notification,
                   ConnectedHandler on_connected) {
    check_channels(channels);
    implementation_ = std::make_shared<Implementation>(
        loop.get_executor(), std::move(options), std::move(channels), std::move(on_notification),
        std::move(on_connected));
}

Listener::~Listener() {
    implementation_->end();
}

void Listener::start() {
    implementation_->start();
}

Task<void> Listener::stop() {
    return Implementation::stop(implementation_);
}

}  // namespace pgmind::postgres
