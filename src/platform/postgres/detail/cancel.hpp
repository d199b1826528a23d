#pragma once

#include <functional>
#include <memory>

#include <libpq-fe.h>

#include "async/task.hpp"

namespace pgmind::postgres {

/// Asks the server to cancel what it runs for `connection` at this moment. libpq does that with
/// blocking calls, so a thread of its own makes them; it touches neither the event loop nor the
/// connection, which may both be gone before it ends. `done` runs on the loop when the server has
/// been told or could not be reached; not if the request is destroyed before.
/// Null when too many cancellations are under way, or there are no resources for one more.
class CancelRequest {
  public:
    static std::unique_ptr<CancelRequest> start(PGconn* connection, Executor executor,
                                                std::function<void()> done);
    virtual ~CancelRequest() = default;
};

}  // namespace pgmind::postgres
