#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"

namespace pgmind::integration {

/// An event that was written in the transaction of the change that it tells of.
struct OutboxEvent {
    std::int64_t id = 0;   ///< unique within `database`; grows with each change of one key
    std::string database;  ///< "shard-1/project"
    std::string name;      ///< "MemoryEntryStored"
    std::string payload;   ///< a JSON object
    std::string request_id;
    std::string principal;
    WallTime created_at;
    int attempts = 0;  ///< deliveries that failed before this one
};

/// Somebody who must hear of every event. Belongs to the relay's loop.
class OutboxSubscriber {
  public:
    virtual ~OutboxSubscriber() = default;

    virtual std::string_view name() const = 0;
    /// An event may come more than once (a crash after handling it, another subscriber's failure):
    /// (database, id) tells which were seen. A failure is tried again later.
    virtual Task<Result<void>> handle(const OutboxEvent& event, Deadline deadline) = 0;
};

struct FailedDelivery {
    std::int64_t id = 0;
    std::string error;
    std::chrono::milliseconds retry_after{0};
};

/// What became of the events of a claim.
struct OutboxOutcome {
    std::vector<std::int64_t> delivered;
    std::vector<FailedDelivery> failed;  ///< stay, and are due again later
    std::vector<FailedDelivery> dead;    ///< go to the dead letters
};

/// Events that this process alone works on, until finish(). Destroyed without finish(), all of them
/// are due again.
class OutboxClaim {
  public:
    virtual ~OutboxClaim() = default;

    virtual const std::vector<OutboxEvent>& events() const = 0;
    virtual Task<Result<void>> finish(const OutboxOutcome& outcome, Deadline deadline) = 0;
};

/// The outbox of one database.
class OutboxStore {
  public:
    virtual ~OutboxStore() = default;

    /// At most `events_max` due events in order of id; nullptr when there are none, or when another
    /// gateway is at work on this database.
    virtual Task<Result<std::unique_ptr<OutboxClaim>>> claim(std::size_t events_max,
                                                             Deadline deadline) = 0;
};

}  // namespace pgmind::integration
