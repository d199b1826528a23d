#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/event_bus.hpp"
#include "async/notifier.hpp"
#include "cluster/api/vector_extension.hpp"
#include "intelligence/app/vector_index_board.hpp"
#include "platform/postgres/connection_options.hpp"

namespace pgmind::app {

/// A database whose vector index is kept, as a role that may act for its owner.
struct IndexedDatabase {
    std::string shard;
    std::string database;
    postgres::ConnectionOptions options;
    cluster::VectorExtension vectors = cluster::VectorExtension::pgmind;
};

struct IndexKeeperState;

/// Sees to the vector index of every database, on one worker's loop, until stopped: makes the ones
/// that are missing, puts their state on the board, and takes out the vectors of namespaces that
/// were deleted, since a new namespace of the same name may have other dimensions. Several gateways
/// may keep the same indexes: only one builds.
class IndexKeeper {
  public:
    /// `bus` and `board` outlive it. Hears of deleted namespaces over the bus, also after it is
    /// gone.
    IndexKeeper(Executor executor, std::vector<IndexedDatabase> databases,
                intelligence::VectorIndexBoard& board, async::EventBus& bus);
    ~IndexKeeper();

    void start();
    /// Returns when what runs has ended; a build is cancelled. Runs on the worker's loop.
    Task<void> stop();

  private:
    std::shared_ptr<IndexKeeperState> state_;
};

}  // namespace pgmind::app
