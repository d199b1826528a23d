#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"
#include "platform/postgres/detail/connection.hpp"

namespace pgmind::postgres {

/// Steps of libpq's protocol outside of pipeline mode: scripts and COPY. A connection is in direct
/// mode from begin_direct() to end_direct(). An error that is not the server's answer has broken
/// the connection (connection->broken()), and then there is nothing to end.
using ConnectionPointer = std::shared_ptr<Connection>;

/// Sends `sql` by itself and gives the first result; the server's refusal is an error after which
/// the connection is back in pipeline mode.
Task<Result<ResultHandle>> begin_direct(ConnectionPointer connection, std::string sql,
                                        Deadline deadline);

/// The next result; null after the last one.
Task<Result<ResultHandle>> next_result(ConnectionPointer connection, Deadline deadline);

/// Sends all that libpq holds back.
Task<Result<void>> flush_direct(ConnectionPointer connection, Deadline deadline);

/// Waits until the server has sent more, and takes it in.
Task<Result<void>> receive_more(ConnectionPointer connection, Deadline deadline);

/// Takes what results are left and goes back to pipeline mode. Gives the first error among
/// `first` and them, else the last count of rows.
Task<Result<std::int64_t>> end_direct(ConnectionPointer connection, ResultHandle first,
                                      Deadline deadline);

}  // namespace pgmind::postgres
