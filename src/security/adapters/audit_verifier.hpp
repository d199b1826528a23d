#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/crypto/merkle.hpp"
#include "security/domain/audit_leaf.hpp"

namespace pgmind::security {

/// What is wrong with an audit log. The numbers are the exit codes of `pgmind audit verify`.
enum class AuditFault {
    none = 0,
    tampered = 2,          ///< a record, or the order of records, is not what was signed
    gap = 3,               ///< records or checkpoints are missing
    bad_signature = 4,     ///< a checkpoint was not signed by a key that is trusted
    witness_conflict = 5,  ///< the witness saw another log, or a longer one
};
std::string_view name_of(AuditFault fault);

struct AuditVerdict {
    AuditFault fault = AuditFault::none;  ///< the first of: tampered, gap, bad signature, witness
    std::vector<std::string> findings;    ///< one sentence each, at most 100
    std::uint64_t logs = 0;
    std::uint64_t leaves = 0;
    std::uint64_t checkpoints = 0;
    std::uint64_t witnessed = 0;  ///< checkpoints of the witness that were found again
    std::uint64_t deleted = 0;    ///< records that were deleted by age, as the log says
    std::uint64_t pending = 0;    ///< records of changes that are in no log yet
};

/// Checks an export, line by line: recomputes every tree from its records and compares the root at
/// each checkpoint, those of the witness too. Memory grows with the number of logs and of witnessed
/// checkpoints, not with the records. Not thread-safe.
class AuditVerifier {
  public:
    /// `public_keys`: 32 bytes each; nothing else is trusted, and nothing in the export.
    explicit AuditVerifier(std::vector<std::string> public_keys);

    /// A checkpoint that the witness has kept; all of them before the first line. invalid_argument
    /// when it is no checkpoint.
    Result<void> add_witnessed(std::string_view line);
    /// The next line of the export. invalid_argument when it is not one.
    Result<void> add(std::string_view line);
    AuditVerdict finish();

  private:
    struct Witnessed {
        std::uint64_t size = 0;
        std::string root;
    };
    struct Log {
        std::string id;
        crypto::MerkleFrontier tree;
        std::uint64_t first = 0;  // leaves before it were deleted by age
        std::uint64_t sealed = 0;
        std::size_t witnessed = 0;  // position in the witness's list
        bool broken = false;
    };

    void begin_log(const std::string& id);
    void end_log();
    void found(AuditFault fault, const std::string& sentence);
    bool is_signed(const AuditCheckpoint& checkpoint, const std::string& where);
    void compare_witness();
    Result<void> add_retained(const class ExportLine& line);
    Result<void> add_leaf(const class ExportLine& line);
    Result<void> add_checkpoint(const class ExportLine& line);

    std::map<std::string, std::string> keys_;  // by id
    std::map<std::string, std::vector<Witnessed>> witness_;
    Log log_;
    std::vector<std::string> seen_;
    std::vector<AuditFault> faults_;
    AuditVerdict verdict_;
};

}  // namespace pgmind::security
