#include <charconv>
#include <set>

#include "integration/adapters/common_headers.hpp"
#include "integration/adapters/json_mapping.hpp"
#include "integration/adapters/rest/handlers.hpp"
#include "integration/adapters/rest/ndjson.hpp"
#include "integration/adapters/rest/query.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::integration::rest {
namespace {

constexpr std::size_t kBatchRowsMax = 5000;
constexpr std::size_t kBatchBytesMax = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kLineBytesMax = std::size_t{8} * 1024 * 1024;
constexpr std::chrono::milliseconds kProgressInterval{500};
// An import into more namespaces than that is recorded as one into all that the caller may write.
constexpr std::size_t kNamespacesRecordedMax = 1000;
constexpr std::string_view kNdjson = "application/x-ndjson";

/// One import: reads lines from the request, hands batches to the Memory context, and tells the
/// client how far it is, if it wants to know. Lives as long as its request.
class Import {
  public:
    Import(Call& call, memory::Scope scope, bool rename)
        : call_(call),
          splitter_(kLineBytesMax),
          namespace_name_(call.parameter("namespace")),
          scope_(scope),
          rename_(rename),
          wants_progress_(call.header("Accept").value_or("").find(kNdjson) !=
                          std::string_view::npos) {}

    Task<Result<Reply>> run();

  private:
    using Batch = std::vector<memory::StoreRequest>;

    Task<Result<std::optional<Batch>>> next_batch();
    Task<Result<bool>> read_more();
    Task<Result<void>> send_progress();
    Task<Result<void>> send_line(std::string line);
    Task<Result<void>> check_access(const std::string& namespace_name);
    Result<std::optional<memory::StoreRequest>> read_line(std::string_view line);
    Error at_line(Error error);
    void note_line(const Error& error);
    std::string progress_members() const;

    Task<Result<Reply>> answer(const Result<memory::ImportProgress>& imported);
    Reply failure_reply(const Error& error) const;

    Call& call_;
    LineSplitter splitter_;
    std::string namespace_name_;  ///< of the path; empty: each line names its own
    memory::Scope scope_;
    bool rename_;  ///< lines of any namespace go into that of the path
    bool wants_progress_;
    bool end_of_body_ = false;
    std::set<std::string, std::less<>> authorized_;
    memory::ImportProgress progress_;
    std::int64_t expired_ = 0;
    std::int64_t faulty_line_ = 0;  ///< 0: no line is at fault
    SteadyTime progress_due_ = std::chrono::steady_clock::now() + kProgressInterval;
};

// An error in the line that was read last.
Error Import::at_line(Error error) {
    faulty_line_ = splitter_.line_number();
    error.detail = "line " + std::to_string(faulty_line_) + ": " + error.detail;
    return error;
}

// Memory names the line in words ("line 17: ..."); the client wants it as a number too.
void Import::note_line(const Error& error) {
    constexpr std::string_view prefix = "line ";
    if (faulty_line_ == 0 && error.detail.starts_with(prefix)) {
        const char* const begin = error.detail.data() + prefix.size();
        std::from_chars(begin, error.detail.data() + error.detail.size(), faulty_line_);
    }
}

// A line is an entry with its address. What an export writes can be read back: fields that the
// server decides are passed over, and a time of expiry becomes the time that is left.
Result<std::optional<memory::StoreRequest>> Import::read_line(std::string_view line) {
    const auto object = json::parse_object(line, {kLineBytesMax, 64});
    if (!object) {
        return fail(object.error());
    }
    memory::StoreRequest entry;
    entry.scope = scope_;
    entry.source_line = splitter_.line_number();
    json::FieldReader reader(*object);
    entry.key = reader.require_string("key");
    const auto named = reader.optional_string("namespace");
    if (!namespace_name_.empty() && !rename_ && named && *named != namespace_name_) {
        reader.refuse("namespace", "is not the one that this import is for");
    }
    if (namespace_name_.empty() && !named) {
        reader.refuse("namespace", "is required");
    }
    entry.namespace_name = namespace_name_.empty() ? named.value_or("") : namespace_name_;
    read_entry_content(reader, entry);
    for (const std::string_view name : {"scope", "id", "version", "created_at", "updated_at"}) {
        reader.ignore(name);
    }
    bool expired = false;
    if (const auto text = reader.optional_string("expires_at")) {
        const auto time = parse_time(*text);
        const auto left = time ? *time - system_clock().now() : std::chrono::microseconds(0);
        if (!time || entry.ttl) {
            reader.refuse("expires_at", time ? "cannot stand together with ttl_seconds"
                                             : "must be a time such as 2026-01-31T12:00:00Z");
        }
        expired = left.count() <= 0;
        entry.ttl = std::chrono::ceil<std::chrono::seconds>(left);
    }
    if (auto finished = reader.finish(); !finished) {
        return fail(std::move(finished.error()));
    }
    if (expired) {
        return std::nullopt;
    }
    return std::optional<memory::StoreRequest>(std::move(entry));
}

// Into each namespace once: the denial names it, and the audit log every one that was written to.
Task<Result<void>> Import::check_access(const std::string& namespace_name) {
    if (!namespace_name_.empty() || authorized_.contains(namespace_name)) {
        co_return Result<void>();
    }
    auto admission = co_await call_.services.gate.authorize(
        call_.context, call_.admission.principal, Permission::in_namespace(security::Action::write),
        {namespace_name});
    if (!admission) {
        co_return fail(std::move(admission.error()));
    }
    authorized_.insert(namespace_name);
    co_return Result<void>();
}

Task<Result<bool>> Import::read_more() {
    if (end_of_body_) {
        co_return false;
    }
    if (call_.context.deadline.passed()) {
        co_return fail(BaseErrc::deadline_exceeded,
                       "the import took longer than its Request-Timeout");
    }
    auto chunk = co_await call_.exchange.read_chunk();
    if (!chunk) {
        co_return fail(std::move(chunk.error()));
    }
    if (*chunk) {
        splitter_.feed(**chunk);
    } else {
        end_of_body_ = true;
        splitter_.finish();
    }
    co_return true;
}

Task<Result<std::optional<Import::Batch>>> Import::next_batch() {
    auto told = co_await send_progress();
    if (!told) {
        co_return fail(std::move(told.error()));
    }
    Batch batch;
    std::size_t bytes = 0;
    while (batch.size() < kBatchRowsMax && bytes < kBatchBytesMax) {
        const auto line = splitter_.next();
        if (!line) {
            co_return fail(at_line(line.error()));
        }
        if (!*line) {
            const auto more = co_await read_more();
            if (!more) {
                co_return fail(more.error());
            }
            if (!*more) {
                break;
            }
            continue;
        }
        bytes += (*line)->size();
        auto entry = read_line(**line);
        if (!entry) {
            co_return fail(at_line(std::move(entry.error())));
        }
        if (!*entry) {
            ++expired_;
            continue;
        }
        auto allowed = co_await check_access((*entry)->namespace_name);
        if (!allowed) {
            co_return fail(at_line(std::move(allowed.error())));
        }
        batch.push_back(std::move(**entry));
    }
    if (batch.empty()) {
        co_return std::optional<Batch>();
    }
    co_return std::optional<Batch>(std::move(batch));
}

std::string Import::progress_members() const {
    std::string members;
    json::ObjectWriter object(members);
    object.number("lines", splitter_.line_number())
        .number("stored", progress_.stored)
        .number("skipped_expired", expired_)
        .number("bytes", progress_.bytes);
    return members.substr(1);
}

Task<Result<void>> Import::send_line(std::string line) {
    if (!call_.exchange.started()) {
        http::Headers headers;
        headers.add("Content-Type", std::string(kNdjson));
        add_common_headers(headers, call_.context.request_id, call_.head().secure);
        add_rate_fields(headers, call_.passage);
        auto started = co_await call_.exchange.start(200, std::move(headers));
        if (!started) {
            co_return started;
        }
    }
    line += '\n';
    auto written = co_await call_.exchange.write(line);
    co_return written;
}

// Before a batch is read, so that reading and writing never compete.
Task<Result<void>> Import::send_progress() {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!wants_progress_ || progress_.stored == 0 || now < progress_due_) {
        co_return Result<void>();
    }
    progress_due_ = now + kProgressInterval;
    auto sent = co_await send_line("{\"done\":false," + progress_members() + "}");
    co_return sent;
}

Reply Import::failure_reply(const Error& error) const {
    const Problem problem = problem_of(error);
    Reply reply = problem_reply(problem, call_.context.request_id);
    std::string extra = ",\"progress\":{" + progress_members() + "}";
    if (faulty_line_ > 0) {
        extra += ",\"line\":" + std::to_string(faulty_line_);
    }
    reply.body = to_json(problem, call_.context.request_id, extra);
    return reply;
}

Task<Result<Reply>> Import::answer(const Result<memory::ImportProgress>& imported) {
    Reply reply;
    if (imported) {
        progress_ = *imported;
        reply.body = "{\"done\":true," + progress_members() + "}";
    } else {
        note_line(imported.error());
        reply = failure_reply(imported.error());
    }
    if (!wants_progress_ || (!imported && !call_.exchange.started())) {
        co_return reply;
    }
    // The last line says how it ended: the status was sent before that was known.
    auto recorded = co_await call_.record(reply.outcome);
    if (!recorded) {
        reply = failure_reply(recorded.error());
    }
    const bool failed = !imported || !recorded;
    auto sent =
        co_await send_line(failed ? "{\"done\":false,\"problem\":" + reply.body + "}" : reply.body);
    if (sent) {
        sent = co_await call_.exchange.finish();
    }
    reply.sent = true;
    co_return reply;
}

Task<Result<Reply>> Import::run() {
    memory::ImportOptions options;
    options.scope = scope_;
    options.namespace_name = namespace_name_;
    options.access = call_.admission.access;
    if (!namespace_name_.empty()) {
        options.access.allowed = {namespace_name_};
    }
    auto imported = co_await call_.services.memory.import_entries(
        call_.context, std::move(options), [this] { return next_batch(); },
        [this](const memory::ImportProgress& progress) { progress_ = progress; });
    if (namespace_name_.empty() && authorized_.size() <= kNamespacesRecordedMax) {
        call_.admission.narrow_to({authorized_.begin(), authorized_.end()});
    }
    auto reply = co_await answer(imported);
    co_return reply;
}

}  // namespace

Task<Result<Reply>> import_entries(Call& call) {
    const auto scope = query_scope(call, memory::Scope::project, false);
    if (!scope) {
        co_return fail(scope.error());
    }
    const auto rename = query_flag(call, "rename");
    if (!rename) {
        co_return fail(rename.error());
    }
    Import import(call, *scope, *rename);
    auto reply = co_await import.run();
    co_return reply;
}

}  // namespace pgmind::integration::rest
