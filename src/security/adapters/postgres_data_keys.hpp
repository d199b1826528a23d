#pragma once

#include "platform/postgres/pool.hpp"
#include "security/adapters/data_keys.hpp"

namespace pgmind::security {

/// pgmind.data_keys of the coordinator's primary. Belongs to the pool's loop.
class PostgresDataKeys {
  public:
    explicit PostgresDataKeys(postgres::Pool& coordinator) : pool_(coordinator) {}

    /// not_the_primary from a standby.
    Task<Result<std::string>> revision(Deadline deadline);
    Task<Result<std::vector<DataKeyRow>>> load(Deadline deadline);
    Task<Result<std::uint32_t>> next_id(Deadline deadline);
    /// False, and nothing is done, when the owner has more than `keys_max` rows already.
    Task<Result<bool>> insert(DataKeyRow row, std::int64_t keys_max, Deadline deadline);
    Task<Result<std::int64_t>> destroy(const KeyOwner& owner, Deadline deadline);
    /// All rows of the owner but one; 0: all.
    Task<Result<void>> remove_all_but(const KeyOwner& owner, std::uint32_t kept, Deadline deadline);
    /// Replaces the wrapped bytes of rows that are not under `kek_id` yet.
    Task<Result<std::int64_t>> rewrap(std::uint32_t kek_id, const std::vector<DataKeyRow>& rows,
                                      Deadline deadline);

  private:
    postgres::Pool& pool_;
};

}  // namespace pgmind::security
