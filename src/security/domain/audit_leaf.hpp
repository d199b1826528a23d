#pragma once

#include <cstdint>
#include <string>

#include "security/api/requests.hpp"

namespace pgmind::security {

/// The bytes that a record's leaf in the Merkle tree of its log commits to. Never changed for what
/// is written: another form would be another first line. docs/security.md says it for those who
/// write verifiers of their own.
std::string canonical_bytes(const std::string& log_id, std::uint64_t index,
                            const AuditRecord& record);

/// What a gateway signs of its log: with its first `size` leaves the tree had this root.
struct AuditCheckpoint {
    std::string log_id;
    std::uint64_t size = 0;
    std::string root;  ///< 64 hexadecimal digits, lower-case
    std::int64_t signed_at_us = 0;
    std::string key_id;     ///< names the public key: the first 16 digits of its SHA-256
    std::string signature;  ///< 128 hexadecimal digits: Ed25519 over signed_text()
};
std::string signed_text(const AuditCheckpoint& checkpoint);

}  // namespace pgmind::security
