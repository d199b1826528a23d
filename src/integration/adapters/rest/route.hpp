#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/event_bus.hpp"
#include "async/task.hpp"
#include "cluster/api/cluster.hpp"
#include "cluster/api/secret_rotation.hpp"
#include "integration/adapters/acl_security.hpp"
#include "integration/adapters/problem.hpp"
#include "integration/app/trace_store.hpp"
#include "intelligence/api/intelligence.hpp"
#include "memory/api/memory.hpp"
#include "platform/http/server.hpp"
#include "platform/json/value.hpp"
#include "platform/telemetry/metrics.hpp"
#include "security/api/encryption.hpp"

namespace pgmind::integration::rest {

/// What handlers use. Of one worker; everything outlives the handlers.
struct Services {
    memory::Memory& memory;
    intelligence::Intelligence& intelligence;
    cluster::Cluster& cluster;
    AccessGate& gate;
    metrics::Registry& metrics;
    const TraceStore& traces;
    std::string version;
    security::Encryption* encryption = nullptr;   ///< null where nothing can be encrypted
    cluster::SecretRotation* rotation = nullptr;  ///< null where others run the servers
};

/// The answer of a handler; the dispatcher sends it, unless the handler has streamed one (`sent`).
struct Reply {
    unsigned status = 200;
    http::Headers headers;
    std::string content_type = "application/json";
    std::string body;
    std::string outcome = "ok";  ///< for the audit log: "ok" or the name of a problem
    bool sent = false;
};

/// One request on its way through the dispatcher and its handler.
struct Call {
    http::Exchange& exchange;
    const Services& services;
    RequestContext context;
    std::vector<std::pair<std::string_view, std::string>> parameters;  ///< of the path
    Passage passage;
    Admission admission;
    bool recorded = false;  ///< the handler has written the audit record (streams do, up front)
    std::string body_text;  ///< `body` points into it
    std::optional<json::Object> body;
    std::optional<memory::SearchRequest> search;  ///< read before access is decided

    Call(http::Exchange& exchange_of_call, const Services& services_of_call)
        : exchange(exchange_of_call), services(services_of_call) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    const http::RequestHead& head() const { return exchange.head(); }
    std::string parameter(std::string_view name) const;
    std::optional<std::string_view> query(std::string_view name) const {
        return head().query_value(name);
    }
    std::optional<std::string_view> header(std::string_view name) const {
        return head().headers.find(name);
    }
    /// Writes the audit record, once: the dispatcher does it after the handler, a handler that
    /// streams does it before the first byte leaves.
    Task<Result<void>> record(std::string outcome);
};

using Handle = Task<Result<Reply>> (*)(Call& call);
/// The namespaces that a body names, for routes whose permission depends on it.
using NamespacesOf = Result<std::vector<std::string>> (*)(Call& call);

enum class BodyForm {
    none,
    json,           ///< an object
    optional_json,  ///< an object, or nothing, which counts as {}
    ndjson          ///< read by the handler, line by line
};

struct BodyRule {
    BodyForm form = BodyForm::none;
    std::size_t bytes_max = 0;  ///< of the whole body, or of one line of NDJSON
};

/// A row of the table. All that protects a route stands beside it; a row without a permission does
/// not compile, for Permission has no default.
struct Route {
    std::string_view method;  ///< GET also serves HEAD
    std::string_view path;    ///< {name} stands for one segment
    Permission permission;
    Handle handle;
    std::string_view query = "";  ///< names of the parameters that it takes, by blanks
    BodyRule body = {};
    std::chrono::seconds timeout_default{30};
    std::chrono::seconds timeout_max{300};
    NamespacesOf namespaces_of = nullptr;
    bool host_optional = false;  ///< a probe of HTTP/1.0 may leave out the Host field
};

/// A reply with a JSON body.
Reply json_reply(std::string body);
/// 204 without a body, or the error.
Result<Reply> empty_reply(const Result<void>& done);
Reply problem_reply(const Problem& problem, const RequestId& request_id);

}  // namespace pgmind::integration::rest
