#include "security/app/security_service.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kLimitMax = 1'000;
constexpr std::size_t kTextBytesMax = 1'024;

Result<void> validate(const AuditQuery& query) {
    if (query.limit < 1 || query.limit > kLimitMax) {
        return fail(invalid_argument("limit", "the limit is 1 to 1,000"));
    }
    if (query.before_sequence < 0) {
        return fail(invalid_argument("before_sequence", "a sequence number is not negative"));
    }
    if (!query.decision.empty() && query.decision != "allow" && query.decision != "deny") {
        return fail(invalid_argument("decision", "a decision is allow or deny"));
    }
    const std::pair<const char*, const std::string*> texts[] = {
        {"principal_name", &query.principal_name},
        {"resource", &query.resource},
        {"request_id", &query.request_id}};
    for (const auto& [field, text] : texts) {
        if (text->size() > kTextBytesMax || text->find('\0') != std::string::npos) {
            return fail(invalid_argument(field, "at most 1,024 bytes without NUL"));
        }
    }
    return {};
}

// Owns the query for as long as the security loop works on it.
Task<Result<std::vector<AuditRecord>>> ask(AuditStore& store, AuditQuery query, Deadline deadline) {
    auto records = co_await store.query(query, deadline);
    co_return records;
}

}  // namespace

Task<Result<std::vector<AuditRecord>>> SecurityService::query_audit(const RequestContext& request,
                                                                    AuditQuery query) {
    const auto valid = validate(query);
    if (!valid) {
        co_return fail(valid.error());
    }
    auto work = ask(parts_.audit_store, std::move(query), request.deadline);
    auto records = co_await async::run_on(parts_.loop, std::move(work));
    co_return records;
}

}  // namespace pgmind::security
