#pragma once

#include <chrono>
#include <string_view>

#include "async/event_bus.hpp"
#include "async/notifier.hpp"
#include "cluster/app/cluster_view.hpp"
#include "cluster/app/ports.hpp"
#include "cluster/domain/restart_policy.hpp"

namespace pgmind::cluster {

struct SupervisionTimes {
    std::chrono::milliseconds health_interval{1'000};
    std::chrono::milliseconds probe_timeout{2'000};
    /// A start replays the log written since the last checkpoint.
    std::chrono::milliseconds start_timeout{300'000};
    RestartLimits restart;
};

/// What the tasks that look after running nodes share. Belongs to the cluster's loop; outlives the
/// tasks, which end soon after request_stop().
class Supervision {
  public:
    Supervision(Executor executor, Instances& all_instances, Catalog& all_catalogs, Probe& a_probe,
                ClusterView& a_view, Journal& a_journal, async::EventBus* bus, const Clock& a_clock,
                SupervisionTimes all_times)
        : instances(all_instances),
          catalog(all_catalogs),
          probe(a_probe),
          view(a_view),
          journal(a_journal),
          clock(a_clock),
          times(all_times),
          events_(bus),
          wake_(executor) {}

    bool stopping() const { return stopping_; }
    void request_stop();
    /// Ends the pauses of all monitors: something changed that they should look at.
    void wake_monitors() { wake_.notify_all(); }
    /// Returns early when woken; the caller looks for the reason.
    Task<void> pause(std::chrono::milliseconds duration);
    void publish(const Node& node, std::string_view change);

    Instances& instances;
    Catalog& catalog;
    Probe& probe;
    ClusterView& view;
    Journal& journal;
    const Clock& clock;
    const SupervisionTimes times;

  private:
    async::EventBus* events_;
    async::Notifier wake_;
    bool stopping_ = false;
};

/// Starts the node again whenever it ends, until the stop or until it fails too often.
Task<void> supervise_node(Supervision& supervision, Node node);

/// Asks the node how it is, again and again until the stop.
Task<void> monitor_node(Supervision& supervision, Node node);

/// Asks once and writes the answer into the view.
Task<void> check_node(Supervision& supervision, Node node);

}  // namespace pgmind::cluster
