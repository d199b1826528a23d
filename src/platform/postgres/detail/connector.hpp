#pragma once

#include "async/task.hpp"
#include "platform/postgres/connection_options.hpp"
#include "platform/postgres/detail/libpq_handles.hpp"

namespace pgmind::postgres {

/// Logs in to a server without blocking the calling loop (names are resolved on a thread). Gives a
/// connection that is non-blocking and in pipeline mode. Errc::connect_failed otherwise, at the
/// latest by the earlier of the deadline and options.connect_timeout.
Task<Result<ConnectionHandle>> open_connection(ConnectionOptions options, Deadline deadline);

}  // namespace pgmind::postgres
