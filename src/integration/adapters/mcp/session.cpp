#include "integration/adapters/mcp/session.hpp"

#include <utility>

#include "integration/adapters/mcp/call.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::mcp {

Session::Session(Executor loop, SessionTraits traits)
    : loop_(loop), traits_(std::move(traits)), client_answered_(loop) {
    log_.open_stream();  // kUnaskedStream
}

void Session::resource_changed(const std::string& uri) {
    std::string params;
    json::ObjectWriter(params).string("uri", uri).end();
    send(kUnaskedStream, notification_message("notifications/resources/updated", params));
}

void Session::resources_added() {
    if (attached(kUnaskedStream)) {
        send(kUnaskedStream, notification_message("notifications/resources/list_changed", "{}"));
    }
}

std::uint64_t Session::open_stream(std::shared_ptr<Outlet> outlet) {
    const std::uint64_t stream = log_.open_stream();
    attach(stream, std::move(outlet));
    return stream;
}

void Session::attach(std::uint64_t stream, std::shared_ptr<Outlet> outlet) {
    Delivery begin;
    begin.kind = Delivery::Kind::begin;
    outlet->push(std::move(begin));
    if (primes_streams(traits_.version)) {
        Delivery prime;
        prime.kind = Delivery::Kind::event;
        prime.primes = true;
        prime.event_id = format_event_id({stream, log_.newest(stream)});
        outlet->push(std::move(prime));
    }
    const std::weak_ptr<Session> self = weak_from_this();
    const std::weak_ptr<Outlet> watched = outlet;
    outlet->when_gone(loop_, [self, watched, stream] {
        const auto session = self.lock();
        const auto closed = watched.lock();
        if (session && closed && session->attached(stream) &&
            session->attached_[stream] == closed) {
            session->attached_.erase(stream);
        }
    });
    attached_[stream] = std::move(outlet);
}

void Session::send(std::uint64_t stream, std::string message) {
    const EventId id = log_.append(stream, message);
    const auto found = attached_.find(stream);
    if (found == attached_.end()) {
        return;
    }
    if (!found->second->has_room()) {
        // Too slow to follow: it may come back for what it missed.
        detach(stream);
        return;
    }
    Delivery event;
    event.kind = Delivery::Kind::event;
    event.body = std::move(message);
    event.event_id = format_event_id(id);
    found->second->push(std::move(event));
}

void Session::close_stream(std::uint64_t stream, std::string_view outcome) {
    log_.close_stream(stream);
    const auto found = attached_.find(stream);
    if (found != attached_.end()) {
        Delivery end;
        end.kind = Delivery::Kind::end;
        end.outcome = outcome;
        found->second->push(std::move(end));
        attached_.erase(found);
    }
}

void Session::detach(std::uint64_t stream) {
    const auto found = attached_.find(stream);
    if (found != attached_.end()) {
        Delivery end;
        end.kind = Delivery::Kind::end;
        found->second->push(std::move(end));
        attached_.erase(found);
    }
}

void Session::listen(std::shared_ptr<Outlet> outlet) {
    detach(kUnaskedStream);
    attach(kUnaskedStream, std::move(outlet));
}

bool Session::resume(EventId last, std::shared_ptr<Outlet> outlet) {
    const auto rest = log_.after(last);
    if (!rest) {
        return false;
    }
    detach(last.stream);
    Delivery begin;
    begin.kind = Delivery::Kind::begin;
    outlet->push(std::move(begin));
    for (const EventLog::Event& event : rest->events) {
        Delivery delivery;
        delivery.kind = Delivery::Kind::event;
        delivery.body = event.text;
        delivery.event_id = format_event_id(event.id);
        outlet->push(std::move(delivery));
    }
    if (rest->open) {
        attach(last.stream, std::move(outlet));
    } else {
        Delivery end;
        end.kind = Delivery::Kind::end;
        outlet->push(std::move(end));
    }
    return true;
}

bool Session::begin_call(const std::string& request_id, std::weak_ptr<Call> call) {
    return calls_.emplace(request_id, std::move(call)).second;
}

std::shared_ptr<Call> Session::find_call(const std::string& request_id) const {
    const auto found = calls_.find(request_id);
    return found == calls_.end() ? nullptr : found->second.lock();
}

std::string Session::begin_client_call() {
    std::string id = "\"pgmind-" + std::to_string(++client_calls_begun_) + "\"";
    client_calls_[id] = std::nullopt;
    return id;
}

Task<std::optional<Session::ClientAnswer>> Session::client_answer(std::string request_id,
                                                                  Deadline deadline) {
    const auto self = shared_from_this();
    bool in_time = true;
    while (in_time && client_calls_.contains(request_id) && !client_calls_[request_id]) {
        in_time = co_await client_answered_.wait_until(deadline);
    }
    const auto found = client_calls_.find(request_id);
    if (found == client_calls_.end()) {
        co_return std::nullopt;
    }
    std::optional<ClientAnswer> answer = std::move(found->second);
    client_calls_.erase(found);
    co_return answer;
}

bool Session::settle_client_call(const std::string& request_id, ClientAnswer answer) {
    const auto found = client_calls_.find(request_id);
    if (found == client_calls_.end() || found->second) {
        return false;
    }
    found->second = std::move(answer);
    client_answered_.notify_all();
    return true;
}

void Session::end() {
    const auto calls = std::move(calls_);
    calls_.clear();
    for (const auto& [request_id, weak_call] : calls) {
        if (const auto call = weak_call.lock()) {
            call->cancel();
        }
    }
    while (!attached_.empty()) {
        detach(attached_.begin()->first);
    }
    client_calls_.clear();
    client_answered_.notify_all();
}

}  // namespace pgmind::integration::mcp
