#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "security/app/directory_cache.hpp"
#include "security/domain/sql_access.hpp"

namespace pgmind::security {

/// One database with memory in it. Used on the security loop only.
class SqlAccessStore {
  public:
    virtual ~SqlAccessStore() = default;
    /// For messages.
    virtual const std::string& name() const = 0;
    /// Gives the server these logins and no others, the database these rules. False, and the rules
    /// left alone, when a gateway that knows a newer directory has been here.
    virtual Task<Result<bool>> replace(const SqlAccess& access, Deadline deadline) = 0;
    /// What was replaced counts on. False when it is of another revision.
    virtual Task<Result<bool>> confirm(std::int64_t revision, Deadline deadline) = 0;
    /// Ends its connections.
    virtual Task<void> close(Deadline deadline) = 0;
};

/// Keeps logins and rules of every database in step with the directory: within a second of a change
/// (or an expiry), and confirmed every few seconds as long as the primary confirms the directory
/// itself, for PostgreSQL forgets after 30 s. Several gateways do the same side by side. Belongs to
/// the security loop.
class SqlAccessKeeper {
  public:
    SqlAccessKeeper(Executor loop, const DirectoryCache& cache, const Clock& clock,
                    std::vector<std::unique_ptr<SqlAccessStore>> stores);

    /// One database, until stop(): its failures do not delay the others.
    Task<void> run(std::size_t store);
    std::size_t size() const { return stores_.size(); }
    void stop();
    /// After run() has ended everywhere.
    Task<void> close(Deadline deadline);
    /// What does not work, by database; empty when all does.
    std::string problem() const;

  private:
    struct Kept {
        SqlAccess access;
        bool known = false;  ///< the database was given `access`
        SteadyTime confirmed_at{};
        std::string problem;
    };
    Task<void> keep(std::size_t store);

    const DirectoryCache& cache_;
    const Clock& clock_;
    std::vector<std::unique_ptr<SqlAccessStore>> stores_;
    std::vector<Kept> kept_;
    async::Notifier wake_;
    bool stopping_ = false;
};

}  // namespace pgmind::security
