#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "platform/postgres/pool.hpp"

namespace pgmind::postgres {

/// What a pool decides, without any I/O: which connection gets a statement, who gets a connection
/// for itself, when to open one, how long to wait after a failure, whom to refuse. It is told what
/// happened and answers with actions, which the caller carries out in order. Not thread-safe.
class PoolState {
  public:
    using Number = std::uint64_t;  ///< of a connection, never used twice
    using Ticket = std::uint64_t;  ///< of a request, chosen by the caller

    enum class Kind { statement, session };
    enum class Refusal { exhausted, unreachable, closed };

    struct Open {
        Number connection;
        bool operator==(const Open&) const = default;
    };
    struct Close {
        Number connection;
        bool operator==(const Close&) const = default;
    };
    /// Send the statement on the connection, or hand the connection over to the session.
    struct Start {
        Ticket ticket;
        Number connection;
        bool operator==(const Start&) const = default;
    };
    struct Refuse {
        Ticket ticket;
        Refusal why;
        bool operator==(const Refuse&) const = default;
    };
    using Action = std::variant<Open, Close, Start, Refuse>;

    /// `jitter` gives numbers of [0, 1): each wait after a failure is shortened by up to half.
    PoolState(PoolLimits limits, std::function<double()> jitter);

    void request(Ticket ticket, Kind kind, SteadyTime now);
    /// A statement whose connection was lost() just now: it gets one that is opened after that, for
    /// the others may be broken too, unnoticed as yet.
    void request_again(Ticket ticket, SteadyTime now);
    /// A request that waits is wanted no more. False when it does not wait (any more).
    bool give_up(Ticket ticket, SteadyTime now);

    void opened(Number connection, SteadyTime now);
    void open_failed(Number connection, SteadyTime now);
    /// A connection broke. One that a session holds goes only with released().
    void lost(Number connection, SteadyTime now);
    void answered(Number connection, SteadyTime now);
    void accepting(Number connection, bool accepts, SteadyTime now);
    /// No new statements; closed when it has answered the others.
    void retire(Number connection, SteadyTime now);
    /// A session ended; `reusable` when its connection is as good as new.
    void released(Number connection, bool reusable, SteadyTime now);
    /// Time passed; due at wake_at().
    void tick(SteadyTime now);
    /// Refuses all that waits and comes; connections close as they become idle.
    void close(SteadyTime now);

    /// The actions decided since the last call. The buffer is swapped, so that a hot path
    /// allocates nothing.
    void take_actions(std::vector<Action>& into);
    std::optional<SteadyTime> wake_at() const;

    bool knows(Number connection) const { return find(connection) != nullptr; }
    bool closing() const { return closing_; }
    bool empty() const { return slots_.empty(); }
    /// Attempts to connect fail, and no connection is open.
    bool unreachable() const { return failures_ > 0 && !any_usable(); }
    std::size_t connections() const;
    std::size_t busy() const;
    std::size_t waiting() const { return statements_.size() + sessions_.size(); }
    std::uint64_t reconnects() const { return reconnects_; }

  private:
    enum class Phase { opening, ready, leased };
    struct Slot {
        Number number = 0;
        Phase phase = Phase::opening;
        std::size_t in_flight = 0;
        bool accepts = true;
        bool reserved = false;  // Gets no statements, so that a waiting session gets it soon.
        bool retired = false;
        SteadyTime idle_since{};
    };
    struct Request {
        Ticket ticket;
        SteadyTime since;
        Number not_before = 0;  // Of the connections that will do.
    };

    const Slot* find(Number connection) const;
    Slot* find(Number connection);
    std::size_t count(Phase phase) const;
    std::size_t sessions_max() const;
    bool any_usable() const;
    bool idle(const Slot& slot) const { return slot.phase == Phase::ready && slot.in_flight == 0; }
    void remove(Number connection);
    void close_slot(Number connection);
    void became_idle(Number connection, SteadyTime now);

    void dispatch(SteadyTime now);
    void start_sessions();
    void reserve_for_sessions();
    bool start_statements();
    Slot* least_busy(Number not_before);
    void enqueue(std::deque<Request>& requests, Request request);
    std::size_t demand() const;
    void open_more(bool all_busy, SteadyTime now);
    void note_failure(SteadyTime now);
    void refuse_unreachable(SteadyTime queued_until);
    void refuse_waiting(std::deque<Request>& requests, Refusal why, SteadyTime queued_until);

    PoolLimits limits_;
    std::function<double()> jitter_;
    std::vector<Slot> slots_;
    std::deque<Request> statements_;
    std::deque<Request> sessions_;
    std::vector<Action> actions_;
    Number next_number_ = 1;
    Number fresh_from_ = 1;       // Connections from this one on were opened after the last loss.
    std::uint64_t failures_ = 0;  // To connect, in a row.
    SteadyTime outage_since_{};   // The first of them.
    SteadyTime retry_at_{};
    std::uint64_t lost_not_replaced_ = 0;
    std::uint64_t reconnects_ = 0;
    bool closing_ = false;
};

}  // namespace pgmind::postgres
