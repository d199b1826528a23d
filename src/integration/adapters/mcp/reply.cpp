#include "integration/adapters/mcp/reply.hpp"

#include <utility>
#include <vector>

#include "platform/json/writer.hpp"

namespace pgmind::integration::mcp {
namespace {

void push_whole(Outlet& outlet, Answer answer) {
    Delivery whole;
    whole.status = answer.status;
    whole.headers = std::move(answer.headers);
    whole.body = std::move(answer.body);
    whole.outcome = answer.outcome;
    whole.required_scope = std::move(answer.required_scope);
    outlet.push(std::move(whole));
}

void push_event(Outlet& outlet, std::string message) {
    Delivery event;
    event.kind = Delivery::Kind::event;
    event.body = std::move(message);
    outlet.push(std::move(event));
}

void push_end(Outlet& outlet, bool begun, std::string_view outcome) {
    if (!begun) {
        // A stream without events, since there is nothing to say.
        Delivery begin;
        begin.kind = Delivery::Kind::begin;
        outlet.push(std::move(begin));
    }
    Delivery end;
    end.kind = Delivery::Kind::end;
    end.outcome = outcome;
    outlet.push(std::move(end));
}

class DirectReply final : public Reply {
  public:
    explicit DirectReply(std::shared_ptr<Outlet> outlet) : outlet_(std::move(outlet)) {}

    bool can_send() const override { return outlet_->takes_streams() && outlet_->has_room(); }

    void send(std::string message) override {
        begun_ = true;
        push_event(*outlet_, std::move(message));
    }

    void finish(Answer answer) override {
        if (!begun_) {
            push_whole(*outlet_, std::move(answer));
            return;
        }
        push_event(*outlet_, std::move(answer.body));
        push_end(*outlet_, begun_, answer.outcome);
    }

    void drop() override { push_end(*outlet_, begun_, "cancelled"); }

  private:
    std::shared_ptr<Outlet> outlet_;
    bool begun_ = false;
};

class SessionReply final : public Reply {
  public:
    SessionReply(std::shared_ptr<Session> session, std::shared_ptr<Outlet> outlet)
        : session_(std::move(session)), outlet_(std::move(outlet)) {}

    bool can_send() const override { return stream_ || outlet_->takes_streams(); }

    void send(std::string message) override {
        if (!stream_) {
            stream_ = session_->open_stream(outlet_);
        }
        session_->send(*stream_, std::move(message));
    }

    void finish(Answer answer) override {
        if (!stream_) {
            push_whole(*outlet_, std::move(answer));
            return;
        }
        session_->send(*stream_, std::move(answer.body));
        session_->close_stream(*stream_, answer.outcome);
    }

    void drop() override {
        if (stream_) {
            session_->close_stream(*stream_, "cancelled");
        } else {
            push_end(*outlet_, false, "cancelled");
        }
    }

    void interrupt() override {
        if (!stream_ && outlet_->takes_streams()) {
            stream_ = session_->open_stream(outlet_);
        }
        if (stream_) {
            session_->detach(*stream_);
        }
    }

  private:
    std::shared_ptr<Session> session_;
    std::shared_ptr<Outlet> outlet_;
    std::optional<std::uint64_t> stream_;
};

}  // namespace

class Batch {
  public:
    Batch(std::shared_ptr<Outlet> outlet, std::size_t answers_due)
        : outlet_(std::move(outlet)), answers_due_(answers_due) {}

    void add(std::string answer) {
        if (!answer.empty()) {
            answers_.push_back(std::move(answer));
        }
        if (--answers_due_ > 0) {
            return;
        }
        Answer whole;
        if (answers_.empty()) {
            whole.status = 202;
        } else {
            json::append_array(whole.body, answers_,
                               [&](const std::string& text) { whole.body += text; });
        }
        push_whole(*outlet_, std::move(whole));
    }

  private:
    std::shared_ptr<Outlet> outlet_;
    std::size_t answers_due_;
    std::vector<std::string> answers_;
};

namespace {

class BatchReply final : public Reply {
  public:
    explicit BatchReply(std::shared_ptr<Batch> batch) : batch_(std::move(batch)) {}
    bool can_send() const override { return false; }
    void send(std::string) override {}
    void finish(Answer answer) override { batch_->add(std::move(answer.body)); }
    void drop() override { batch_->add(""); }

  private:
    std::shared_ptr<Batch> batch_;
};

}  // namespace

std::unique_ptr<Reply> make_direct_reply(std::shared_ptr<Outlet> outlet) {
    return std::make_unique<DirectReply>(std::move(outlet));
}

std::unique_ptr<Reply> make_session_reply(std::shared_ptr<Session> session,
                                          std::shared_ptr<Outlet> outlet) {
    return std::make_unique<SessionReply>(std::move(session), std::move(outlet));
}

std::shared_ptr<Batch> make_batch(std::shared_ptr<Outlet> outlet, std::size_t answers_due) {
    return std::make_shared<Batch>(std::move(outlet), answers_due);
}

std::unique_ptr<Reply> make_batch_reply(std::shared_ptr<Batch> batch) {
    return std::make_unique<BatchReply>(std::move(batch));
}

}  // namespace pgmind::integration::mcp
