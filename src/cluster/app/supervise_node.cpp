#include <utility>

#include "cluster/api/events.hpp"
#include "cluster/app/supervision.hpp"

namespace pgmind::cluster {
namespace {

// A pause that only the stop cuts short.
Task<void> pause_before_restart(Supervision& supervision, std::chrono::milliseconds delay) {
    const Deadline end = Deadline::after(delay);
    while (!supervision.stopping() && !end.passed()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end.remaining());
        co_await supervision.pause(left);
    }
}

void note_end(Supervision& supervision, const Node& node, const std::string& how) {
    supervision.journal.warning(node.name, how + "; it will be started again");
    if (supervision.view.node_ended(node, how + " and is being restarted")) {
        supervision.publish(node, "down");
    }
}

void give_up(Supervision& supervision, const Node& node, const std::string& how,
             std::size_t failures) {
    const std::string sentence =
        how + "; given up after " + std::to_string(failures) + " failures: see its log";
    supervision.journal.error(node.name, sentence);
    supervision.view.node_ended(node, sentence);
    supervision.publish(node, "given up");
}

// Tries until the node runs again. False when the supervision is over.
Task<bool> restart(Supervision& supervision, Node node, RestartPolicy& policy, std::string how) {
    while (!supervision.stopping()) {
        const auto delay = policy.failed(supervision.clock.steady_now());
        if (!delay) {
            give_up(supervision, node, how, policy.failures_in_window());
            co_return false;
        }
        note_end(supervision, node, how);
        co_await pause_before_restart(supervision, *delay);
        if (supervision.stopping()) {
            co_return false;
        }
        const Deadline deadline = Deadline::after(supervision.times.start_timeout);
        const Result<void> started = co_await supervision.instances.start(node, deadline);
        if (started) {
            policy.started(supervision.clock.steady_now());
            supervision.view.node_restarted(node);
            supervision.journal.info(node.name, "was restarted");
            supervision.wake_monitors();
            co_return true;
        }
        how = "did not start: " + started.error().detail;
    }
    co_return false;
}

}  // namespace

void Supervision::request_stop() {
    stopping_ = true;
    view.set_stopping();
    wake_.notify_all();
}

Task<void> Supervision::pause(std::chrono::milliseconds duration) {
    if (!stopping_) {
        const Deadline end = Deadline::after(duration);
        co_await wake_.wait_until(end);
    }
}

void Supervision::publish(const Node& node, std::string_view change) {
    if (events_ != nullptr) {
        RequestContext request;
        request.request_id = new_request_id();
        request.protocol = "internal";
        events_->publish(request, ClusterTopologyChanged{node.name, std::string(change)});
    }
}

Task<void> supervise_node(Supervision& supervision, Node node) {
    RestartPolicy policy(supervision.times.restart);
    policy.started(supervision.clock.steady_now());
    bool running = true;
    while (running) {
        std::string how = co_await supervision.instances.wait_for_end(node);
        running = co_await restart(supervision, node, policy, std::move(how));
    }
}

}  // namespace pgmind::cluster
