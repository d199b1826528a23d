#include "integration/adapters/common_headers.hpp"
#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/query.hpp"
#include "platform/telemetry/log.hpp"

namespace pgmind::integration::rest {
namespace {

constexpr const char* kNdjson = "application/x-ndjson";
constexpr std::size_t kWriteBytes = std::size_t{64} * 1024;

/// One export: writes entries as lines while they come. The audit record is made before the first
/// byte leaves. Lives as long as its request.
class Export {
  public:
    explicit Export(Call& call) : call_(call), namespace_name_(call.parameter("namespace")) {}
    Task<Result<Reply>> run(memory::Scope scope);

  private:
    Task<Result<void>> take(const std::vector<memory::Entry>& entries);
    Task<Result<void>> start();
    Task<Result<void>> flush();

    Call& call_;
    std::string namespace_name_;  ///< of the path; empty: all that the caller may read
    std::string lines_;
};

Task<Result<void>> Export::start() {
    if (call_.exchange.started()) {
        co_return Result<void>();
    }
    auto recorded = co_await call_.record("ok");
    if (!recorded) {
        co_return recorded;
    }
    http::Headers headers;
    headers.add("Content-Type", kNdjson);
    add_common_headers(headers, call_.context.request_id, call_.head().secure);
    add_rate_fields(headers, call_.passage);
    auto started = co_await call_.exchange.start(200, std::move(headers));
    co_return started;
}

Task<Result<void>> Export::flush() {
    auto started = co_await start();
    if (!started || lines_.empty()) {
        co_return started;
    }
    auto written = co_await call_.exchange.write(lines_);
    lines_.clear();
    co_return written;
}

Task<Result<void>> Export::take(const std::vector<memory::Entry>& entries) {
    for (const memory::Entry& entry : entries) {
        append_entry(lines_, entry);
        lines_ += '\n';
        if (lines_.size() >= kWriteBytes) {
            auto flushed = co_await flush();
            if (!flushed) {
                co_return flushed;
            }
        }
    }
    co_return Result<void>();
}

Task<Result<Reply>> Export::run(memory::Scope scope) {
    memory::NamespaceAccess access = call_.admission.access;
    if (!namespace_name_.empty()) {
        access.allowed = {namespace_name_};
    }
    const auto exported = co_await call_.services.memory.export_entries(
        call_.context, scope, namespace_name_, std::move(access),
        [this](const std::vector<memory::Entry>& entries) { return take(entries); });
    if (!exported && !call_.exchange.started()) {
        co_return fail(exported.error());
    }
    Reply reply;
    auto ended = co_await flush();
    if (!ended && !call_.exchange.started()) {
        co_return fail(ended.error());
    }
    if (!exported) {
        // The status has been sent, so the end of the stream stays missing: the client must see
        // that this is not all.
        log::warning("export broke off", {{"request_id", call_.context.request_id.value()},
                                          {"error", exported.error().detail}});
        reply.outcome = name_of(exported.error().failure());
        reply.sent = true;
        co_return reply;
    }
    if (ended) {
        ended = co_await call_.exchange.finish();
    }
    reply.sent = true;
    co_return reply;
}

}  // namespace

Task<Result<Reply>> export_entries(Call& call) {
    const auto scope = query_scope(call, memory::Scope::project, true);
    if (!scope) {
        co_return fail(scope.error());
    }
    if (call.head().method == "HEAD") {  // all of it would be read to send nothing
        const std::string name = call.parameter("namespace");
        if (!name.empty()) {
            const auto found =
                co_await call.services.memory.namespace_statistics(call.context, *scope, name);
            if (!found) {
                co_return fail(found.error());
            }
        }
        Reply head;
        head.content_type = kNdjson;
        co_return head;
    }
    Export exporting(call);
    auto reply = co_await exporting.run(*scope);
    co_return reply;
}

}  // namespace pgmind::integration::rest
