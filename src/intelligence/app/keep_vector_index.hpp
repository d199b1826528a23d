#pragma once

#include <functional>

#include "async/event_bus.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "intelligence/app/vector_index_board.hpp"
#include "intelligence/domain/vector_index.hpp"

namespace pgmind::intelligence {

/// What the index holds, as VectorIndexStatus has it.
struct VectorIndexSize {
    std::int64_t namespaces = 0;
    std::int64_t vectors = 0;
    std::int64_t bytes = 0;
};

/// The vector index of one database. One call at a time.
class VectorIndexStore {
  public:
    virtual ~VectorIndexStore() = default;

    /// What build() and announce() are about, until the next call.
    virtual Task<Result<VectorIndexFacts>> inspect(Deadline deadline) = 0;
    /// Builds the index while entries are read and written; `rebuild` drops what a failed build
    /// left. `go_on` is told the progress (0 to 1) about every second; when it says no, the build
    /// is cancelled and fails. False when another session has begun meanwhile.
    virtual Task<Result<bool>> build(bool rebuild, std::function<bool(double)> go_on,
                                     Deadline deadline) = 0;
    /// True for the first who announces it.
    virtual Task<Result<bool>> announce(Deadline deadline) = 0;
    /// Reads counters and statistics, not the index: it may have any size.
    virtual Task<Result<VectorIndexSize>> measure(Deadline deadline) = 0;
    /// Takes deleted entries out of the index, where they stand in the way of new ones.
    virtual Task<Result<void>> vacuum(Deadline deadline) = 0;
};

/// One look at an index: makes it if there is none, announces it, puts its state on the board.
/// `status` is what the last look found. `go_on` false: the process is ending. References outlive
/// the call.
Task<Result<void>> keep_vector_index(VectorIndexStore& store, VectorIndexStatus& status,
                                     VectorIndexBoard& board, async::EventBus& events,
                                     const std::function<bool()>& go_on);

}  // namespace pgmind::intelligence
