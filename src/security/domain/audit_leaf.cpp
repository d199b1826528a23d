#include "security/domain/audit_leaf.hpp"

namespace pgmind::security {
namespace {

void append_number(std::string& bytes, std::uint64_t number, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
        bytes += static_cast<char>((number >> shift) & 0xff);
    }
}

// Its length first, so that no two records have the same bytes.
void append_text(std::string& bytes, const std::string& text) {
    append_number(bytes, text.size(), 4);
    bytes += text;
}

}  // namespace

std::string canonical_bytes(const std::string& log_id, std::uint64_t index,
                            const AuditRecord& record) {
    std::string bytes = "pgmind audit leaf 1\n";
    append_text(bytes, log_id);
    append_number(bytes, index, 8);
    append_number(bytes, static_cast<std::uint64_t>(record.occurred_at.time_since_epoch().count()),
                  8);
    for (const std::string* text :
         {&record.request_id, &record.principal_id, &record.principal_name, &record.action,
          &record.resource_type, &record.resource, &record.decision, &record.outcome,
          &record.reason, &record.protocol, &record.remote_address, &record.change_id}) {
        append_text(bytes, *text);
    }
    return bytes;
}

std::string signed_text(const AuditCheckpoint& checkpoint) {
    return "pgmind audit checkpoint 1\n" + checkpoint.log_id + "\n" +
           std::to_string(checkpoint.size) + "\n" + checkpoint.root + "\n" +
           std::to_string(checkpoint.signed_at_us) + "\n" + checkpoint.key_id + "\n";
}

}  // namespace pgmind::security
