#include "security/adapters/audit_seal.hpp"

namespace pgmind::security {

std::string audit_key_id(std::string_view public_key) {
    return crypto::to_hex(crypto::sha256(public_key)).substr(0, 16);
}

AuditSeal::AuditSeal(crypto::SigningKey key)
    : key_(std::move(key)),
      key_id_(audit_key_id(std::string(key_.public_key().begin(), key_.public_key().end()))) {}

Result<AuditCheckpoint> AuditSeal::seal(const AuditBatch& batch, WallTime now) {
    const bool new_log = batch.writer != last_.log_id;
    next_tree_ = new_log ? crypto::MerkleFrontier() : tree_;
    const auto first = static_cast<std::uint64_t>(batch.first_number - 1);
    if (first > next_tree_.size()) {
        return fail(BaseErrc::internal, "audit records are missing before number " +
                                            std::to_string(batch.first_number));
    }
    for (std::size_t i = next_tree_.size() - first; i < batch.records.size(); ++i) {
        const std::string bytes = canonical_bytes(batch.writer, first + i, batch.records[i]);
        next_tree_.add(crypto::merkle_leaf(bytes));
    }
    if (!new_log && next_tree_.size() == tree_.size()) {
        next_ = last_;
        return next_;
    }
    next_.log_id = batch.writer;
    next_.size = next_tree_.size();
    next_.root = crypto::to_hex(next_tree_.root());
    next_.signed_at_us = now.time_since_epoch().count();
    next_.key_id = key_id_;
    next_.signature = crypto::to_hex(key_.sign(signed_text(next_)));
    return next_;
}

void AuditSeal::commit() {
    tree_ = next_tree_;
    last_ = next_;
}

}  // namespace pgmind::security
