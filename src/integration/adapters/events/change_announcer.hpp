#pragma once

#include <memory>

#include "async/event_bus.hpp"
#include "integration/app/outbox.hpp"

namespace pgmind::integration {

/// Puts on the bus of this process the changes of memory that no request of a gateway made, and of
/// which nobody has told it: those of SQL clients, and entries that expired (as
/// MemoryEntryDeleted). So who subscribed to a resource hears of them too. Changes that bear a
/// request id were published by the gateway that served the request. An event that comes twice is
/// published twice: it says "look again". `bus` outlives the announcer.
std::shared_ptr<OutboxSubscriber> make_change_announcer(async::EventBus& bus);

}  // namespace pgmind::integration
