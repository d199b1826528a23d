#include "security/adapters/postgres_usage_channel.hpp"

namespace pgmind::security {
namespace {

// A notification alone need not be on disk before the answer.
constexpr postgres::Statement kNotify = {
    "security_tell_usage",
    "SELECT set_config('synchronous_commit', 'off', true), pg_notify('pgmind_rates', $1)",
    postgres::Effect::write};

class PostgresUsageChannel final : public UsageChannel {
  public:
    explicit PostgresUsageChannel(postgres::Pool& coordinator) : coordinator_(coordinator) {}

    Task<Result<void>> tell(std::string message, Deadline deadline) override {
        postgres::Parameters parameters;
        parameters.add(message);
        const auto told = co_await coordinator_.execute(kNotify, std::move(parameters), deadline);
        if (!told) {
            co_return fail(told.error());
        }
        co_return Result<void>();
    }

  private:
    postgres::Pool& coordinator_;
};

}  // namespace

std::unique_ptr<UsageChannel> make_postgres_usage_channel(postgres::Pool& coordinator) {
    return std::make_unique<PostgresUsageChannel>(coordinator);
}

}  // namespace pgmind::security
