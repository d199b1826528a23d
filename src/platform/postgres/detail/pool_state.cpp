#include "platform/postgres/detail/pool_state.hpp"

#include <algorithm>
#include <utility>

namespace pgmind::postgres {

PoolState::PoolState(PoolLimits limits, std::function<double()> jitter)
    : limits_(limits), jitter_(std::move(jitter)) {
    limits_.connections_max = std::max<std::size_t>(limits_.connections_max, 1);
    limits_.pipeline_depth_max = std::max<std::size_t>(limits_.pipeline_depth_max, 1);
    slots_.reserve(limits_.connections_max);
}

void PoolState::request(Ticket ticket, Kind kind, SteadyTime now) {
    enqueue(kind == Kind::session ? sessions_ : statements_, {ticket, now});
}

void PoolState::request_again(Ticket ticket, SteadyTime now) {
    enqueue(statements_, {ticket, now, fresh_from_});
}

void PoolState::enqueue(std::deque<Request>& requests, Request request) {
    if (closing_) {
        actions_.push_back(Refuse{request.ticket, Refusal::closed});
        return;
    }
    const SteadyTime now = request.since;
    const bool old_outage = unreachable() && now - outage_since_ >= limits_.outage_wait_max;
    if (old_outage && now < retry_at_) {
        actions_.push_back(Refuse{request.ticket, Refusal::unreachable});
        return;
    }
    requests.push_back(request);
    dispatch(now);
    if (waiting() > limits_.waiting_max) {
        requests.pop_back();  // It is the last that came, and it found no place.
        actions_.push_back(Refuse{request.ticket, Refusal::exhausted});
    }
}

bool PoolState::give_up(Ticket ticket, SteadyTime now) {
    for (auto* requests : {&statements_, &sessions_}) {
        const auto found = std::find_if(requests->begin(), requests->end(),
                                        [&](const Request& r) { return r.ticket == ticket; });
        if (found != requests->end()) {
            requests->erase(found);
            dispatch(now);
            return true;
        }
    }
    return false;
}

void PoolState::opened(Number connection, SteadyTime now) {
    Slot* slot = find(connection);
    if (slot == nullptr) {
        return;
    }
    failures_ = 0;
    if (lost_not_replaced_ > 0) {
        --lost_not_replaced_;
        ++reconnects_;
    }
    slot->phase = Phase::ready;
    slot->idle_since = now;
    dispatch(now);
}

void PoolState::open_failed(Number connection, SteadyTime now) {
    if (find(connection) == nullptr) {
        return;
    }
    remove(connection);
    note_failure(now);
    // In an old outage nobody waits for a second attempt.
    const bool old_outage = now - outage_since_ >= limits_.outage_wait_max;
    refuse_unreachable(old_outage ? now : now - limits_.outage_wait_max);
    dispatch(now);
}

void PoolState::lost(Number connection, SteadyTime now) {
    const Slot* slot = find(connection);
    if (slot == nullptr || slot->phase == Phase::leased) {
        return;
    }
    ++lost_not_replaced_;
    fresh_from_ = next_number_;
    remove(connection);
    dispatch(now);
}

void PoolState::answered(Number connection, SteadyTime now) {
    Slot* slot = find(connection);
    if (slot == nullptr || slot->in_flight == 0) {
        return;
    }
    --slot->in_flight;
    if (slot->in_flight == 0) {
        became_idle(connection, now);
    }
    if (waiting() > 0) {
        dispatch(now);
    }
}

void PoolState::accepting(Number connection, bool accepts, SteadyTime now) {
    Slot* slot = find(connection);
    if (slot != nullptr) {
        slot->accepts = accepts;
        dispatch(now);
    }
}

void PoolState::retire(Number connection, SteadyTime now) {
    Slot* slot = find(connection);
    if (slot == nullptr || slot->phase != Phase::ready) {
        return;
    }
    slot->retired = true;
    if (slot->in_flight == 0) {
        became_idle(connection, now);
    }
}

void PoolState::released(Number connection, bool reusable, SteadyTime now) {
    Slot* slot = find(connection);
    if (slot == nullptr) {
        return;
    }
    if (!reusable) {
        ++lost_not_replaced_;
        close_slot(connection);
    } else {
        slot->phase = Phase::ready;
        slot->accepts = true;
        became_idle(connection, now);
    }
    dispatch(now);
}

void PoolState::tick(SteadyTime now) {
    refuse_unreachable(now - limits_.outage_wait_max);
    std::vector<Number> expired;
    for (const Slot& slot : slots_) {
        const bool last = slots_.size() - expired.size() <= 1;
        if (idle(slot) && !last && now - slot.idle_since >= limits_.idle_close_after) {
            expired.push_back(slot.number);
        }
    }
    for (const Number number : expired) {
        close_slot(number);
    }
    dispatch(now);
}

void PoolState::close(SteadyTime now) {
    closing_ = true;
    refuse_waiting(statements_, Refusal::closed, now);
    refuse_waiting(sessions_, Refusal::closed, now);
    const std::vector<Slot> slots = slots_;
    for (const Slot& slot : slots) {
        if (slot.phase == Phase::opening || idle(slot)) {
            close_slot(slot.number);
        }
    }
}

void PoolState::take_actions(std::vector<Action>& into) {
    into.clear();
    into.swap(actions_);
}

std::optional<SteadyTime> PoolState::wake_at() const {
    std::optional<SteadyTime> earliest;
    const auto consider = [&](SteadyTime time) {
        earliest = earliest ? std::min(*earliest, time) : time;
    };
    if (slots_.size() > 1) {
        for (const Slot& slot : slots_) {
            if (idle(slot)) {
                consider(slot.idle_since + limits_.idle_close_after);
            }
        }
    }
    if (failures_ > 0 && demand() > 0 && count(Phase::opening) == 0) {
        consider(retry_at_);
    }
    return earliest;
}

std::size_t PoolState::connections() const {
    return slots_.size() - count(Phase::opening);
}

std::size_t PoolState::busy() const {
    return static_cast<std::size_t>(std::count_if(
        slots_.begin(), slots_.end(),
        [](const Slot& slot) { return slot.phase == Phase::leased || slot.in_flight > 0; }));
}

const PoolState::Slot* PoolState::find(Number connection) const {
    for (const Slot& slot : slots_) {
        if (slot.number == connection) {
            return &slot;
        }
    }
    return nullptr;
}

PoolState::Slot* PoolState::find(Number connection) {
    return const_cast<Slot*>(std::as_const(*this).find(connection));
}

std::size_t PoolState::count(Phase phase) const {
    return static_cast<std::size_t>(std::count_if(
        slots_.begin(), slots_.end(), [phase](const Slot& slot) { return slot.phase == phase; }));
}

// One connection is left to statements, so that sessions that also use statements cannot lock
// each other out.
std::size_t PoolState::sessions_max() const {
    return std::max<std::size_t>(limits_.connections_max - 1, 1);
}

bool PoolState::any_usable() const {
    return count(Phase::ready) + count(Phase::leased) > 0;
}

void PoolState::remove(Number connection) {
    std::erase_if(slots_, [&](const Slot& slot) { return slot.number == connection; });
}

void PoolState::close_slot(Number connection) {
    remove(connection);
    actions_.push_back(Close{connection});
}

void PoolState::became_idle(Number connection, SteadyTime now) {
    Slot* slot = find(connection);
    slot->idle_since = now;
    if (closing_ || slot->retired) {
        close_slot(connection);
    }
}

void PoolState::dispatch(SteadyTime now) {
    if (closing_) {
        return;
    }
    start_sessions();
    reserve_for_sessions();
    const bool all_busy = start_statements();
    open_more(all_busy, now);
}

void PoolState::start_sessions() {
    for (Slot& slot : slots_) {
        if (sessions_.empty() || count(Phase::leased) >= sessions_max()) {
            return;
        }
        if (idle(slot) && slot.accepts && !slot.retired) {
            slot.phase = Phase::leased;
            slot.reserved = false;
            actions_.push_back(Start{sessions_.front().ticket, slot.number});
            sessions_.pop_front();
        }
    }
}

// A connection in steady use is never idle. So when sessions wait and no further connection may be
// opened, as many as are needed get no more statements until they are idle.
void PoolState::reserve_for_sessions() {
    std::size_t needed = 0;
    if (!sessions_.empty() && slots_.size() >= limits_.connections_max) {
        const std::size_t leased = count(Phase::leased);
        const std::size_t coming = count(Phase::opening);
        const std::size_t allowed = sessions_max() - std::min(sessions_max(), leased);
        needed = std::min(sessions_.size(), allowed);
        needed -= std::min(needed, coming);
    }
    for (Slot& slot : slots_) {
        slot.reserved = slot.reserved && needed > 0;
        needed -= slot.reserved ? 1 : 0;
    }
    while (needed > 0) {
        Slot* slot = least_busy(0);
        if (slot == nullptr) {
            return;
        }
        slot->reserved = true;
        --needed;
    }
}

PoolState::Slot* PoolState::least_busy(Number not_before) {
    Slot* best = nullptr;
    for (Slot& slot : slots_) {
        const bool usable = slot.phase == Phase::ready && slot.accepts && !slot.reserved &&
                            !slot.retired && slot.number >= not_before;
        if (usable && (best == nullptr || slot.in_flight < best->in_flight)) {
            best = &slot;
        }
    }
    return best;
}

// True when a statement had to join others on its connection: another connection would help.
bool PoolState::start_statements() {
    bool joined = false;
    auto request = statements_.begin();
    while (request != statements_.end()) {
        Slot* slot = least_busy(request->not_before);
        const bool found = slot != nullptr && slot->in_flight < limits_.pipeline_depth_max;
        if (!found && request->not_before == 0) {
            return joined;
        }
        if (!found) {
            ++request;  // It is choosier than those behind it.
            continue;
        }
        joined = joined || slot->in_flight > 0;
        ++slot->in_flight;
        actions_.push_back(Start{request->ticket, slot->number});
        request = statements_.erase(request);
    }
    return joined;
}

// How many of those who wait a further connection would serve.
std::size_t PoolState::demand() const {
    const std::size_t sessions_allowed = sessions_max() - count(Phase::leased);
    return statements_.size() + std::min(sessions_.size(), sessions_allowed);
}

void PoolState::open_more(bool all_busy, SteadyTime now) {
    std::size_t wanted = std::max<std::size_t>(demand(), all_busy ? 1 : 0);
    std::size_t opening = count(Phase::opening);
    if (failures_ > 0) {
        // One attempt at a time finds out whether the server is back.
        wanted = now >= retry_at_ ? std::min<std::size_t>(wanted, 1) : 0;
    }
    while (opening < wanted && slots_.size() < limits_.connections_max) {
        Slot slot;
        slot.number = next_number_++;
        slots_.push_back(slot);
        actions_.push_back(Open{slot.number});
        ++opening;
    }
}

void PoolState::note_failure(SteadyTime now) {
    if (failures_ == 0) {
        outage_since_ = now;
    }
    const std::uint64_t doublings = std::min<std::uint64_t>(failures_, 16);
    ++failures_;
    const auto full =
        std::min(limits_.backoff_min * (std::int64_t{1} << doublings), limits_.backoff_max);
    const auto wait = std::chrono::duration<double, std::milli>(full) * (1.0 - 0.5 * jitter_());
    retry_at_ = now + std::chrono::duration_cast<SteadyTime::duration>(wait);
}

void PoolState::refuse_unreachable(SteadyTime queued_until) {
    if (unreachable() && count(Phase::opening) == 0) {
        refuse_waiting(statements_, Refusal::unreachable, queued_until);
        refuse_waiting(sessions_, Refusal::unreachable, queued_until);
    }
}

// Requests stand in the order of their coming.
void PoolState::refuse_waiting(std::deque<Request>& requests, Refusal why,
                               SteadyTime queued_until) {
    while (!requests.empty() && requests.front().since <= queued_until) {
        actions_.push_back(Refuse{requests.front().ticket, why});
        requests.pop_front();
    }
}

}  // namespace pgmind::postgres
