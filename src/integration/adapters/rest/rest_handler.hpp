#pragma once

#include <string>

#include "async/event_bus.hpp"
#include "cluster/api/cluster.hpp"
#include "cluster/api/secret_rotation.hpp"
#include "integration/adapters/origin_policy.hpp"
#include "integration/app/trace_store.hpp"
#include "intelligence/api/intelligence.hpp"
#include "memory/api/memory.hpp"
#include "platform/http/server.hpp"
#include "platform/telemetry/metrics.hpp"
#include "security/api/encryption.hpp"
#include "security/api/security.hpp"

namespace pgmind::integration {

struct RestOptions {
    OriginPolicy origins;
    /// /metrics without a key for callers on this machine. A proxy on the same machine would make
    /// everybody such a caller, so requests that carry forwarding fields are not counted as local.
    bool metrics_open_on_loopback = true;
    std::string version;                          ///< of the product, shown by /
    security::Encryption* encryption = nullptr;   ///< outlives the handler; null: none
    cluster::SecretRotation* rotation = nullptr;  ///< the same
};

/// What the REST gateway of one worker is made of. All of it must outlive the handler.
struct RestDependencies {
    memory::Memory& memory;
    intelligence::Intelligence& intelligence;
    cluster::Cluster& cluster;
    security::Security& security;
    async::EventBus& bus;
    metrics::Registry& metrics;
    const TraceStore& traces;
    RestOptions options;
};

/// Serves /, /healthz, /readyz, /metrics and /api/v1/... (routes.hpp); everything else is 404. One
/// per worker, used on that worker's loop.
http::Handler make_rest_handler(RestDependencies dependencies);

}  // namespace pgmind::integration
