#pragma once

#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "async/notifier.hpp"
#include "security/adapters/audit_seal.hpp"

namespace pgmind::security {

/// Where checkpoints go besides the database. Both may be given, or none.
struct AuditWitnessOptions {
    std::string file;  ///< each is appended as a line and synced to disk
    /// A program and its arguments; the checkpoint is added as the last one. It must end with 0
    /// within 10 s.
    std::vector<std::string> command;
};

/// The checkpoint as one line of JSON, as an export has it.
std::string checkpoint_line(const AuditCheckpoint& checkpoint);

/// Hands the newest checkpoint to a witness outside the database, at most once a second: without
/// one, whoever rules the database could put back an older state of it, which is in itself whole. A
/// witness that fails is logged and tried again; it does not stop the gateway. One for the process,
/// on the security loop.
class AuditWitness {
  public:
    AuditWitness(Executor loop, const AuditSeal& seal, AuditWitnessOptions options);

    Task<void> run();
    /// run() hands over what is newest, then ends.
    void stop();

  private:
    Task<void> hand_over();
    Task<Result<void>> append_to_file(std::string line);
    Task<Result<void>> call_command(std::string line);

    const AuditSeal& seal_;
    const AuditWitnessOptions options_;
    async::BlockingPool file_thread_{1, 4};
    async::Notifier wake_;
    std::string last_log_;
    std::uint64_t last_size_ = 0;
    bool failing_ = false;
    bool stopping_ = false;
};

}  // namespace pgmind::security
