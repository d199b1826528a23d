#include "security/adapters/postgres_sql_access.hpp"

#include "platform/json/writer.hpp"

namespace pgmind::security {
namespace {

using postgres::Effect;
using postgres::Parameters;
using postgres::Statement;

constexpr Statement kReplace = {"security_sql_replace",
                                "SELECT pgmind.sql_access_replace($1::bigint, $2::jsonb)",
                                Effect::write};
constexpr Statement kLogins = {"security_sql_logins_of_server",
                               "SELECT pgmind_server.set_sql_logins($1::jsonb)", Effect::write};
constexpr Statement kConfirm = {"security_sql_confirm",
                                "SELECT pgmind.sql_access_confirm($1::bigint)", Effect::write};

std::string rules_text(const std::vector<SqlRule>& rules) {
    std::string text;
    json::append_array(text, rules, [&text](const SqlRule& rule) {
        json::ObjectWriter object(text);
        object.string("login", rule.login)
            .string("action", rule.action)
            .strings("allowed", rule.patterns.allowed)
            .strings("denied", rule.patterns.denied);
        object.end();
    });
    return text;
}

std::string logins_text(const std::vector<SqlLogin>& logins) {
    std::string text;
    json::append_array(text, logins, [&text](const SqlLogin& login) {
        json::ObjectWriter object(text);
        object.string("login", login.login)
            .string("role", login.role)
            .string("verifier", login.verifier);
        object.end();
    });
    return text;
}

postgres::PoolLimits one_connection() {
    postgres::PoolLimits limits;
    limits.connections_max = 1;
    return limits;
}

class PostgresSqlAccess final : public SqlAccessStore {
  public:
    PostgresSqlAccess(boost::asio::io_context& loop, SqlDatabase database,
                      postgres::StatementObserver observe)
        : name_(std::move(database.name)),
          pool_(loop, std::move(database.options), one_connection(), std::move(observe)) {}

    const std::string& name() const override { return name_; }

    Task<Result<bool>> replace(const SqlAccess& access, Deadline deadline) override {
        Parameters parameters;
        parameters.add(access.revision).add(rules_text(access.rules));
        const auto rows = co_await pool_.execute(kReplace, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        if (!rows->boolean(0, 0)) {
            co_return false;
        }
        // Rules first: who loses access loses it whatever becomes of the login.
        Parameters wanted;
        wanted.add(logins_text(access.logins));
        const auto made = co_await pool_.execute(kLogins, std::move(wanted), deadline);
        if (!made) {
            co_return fail(made.error());
        }
        co_return true;
    }

    Task<Result<bool>> confirm(std::int64_t revision, Deadline deadline) override {
        Parameters parameters;
        parameters.add(revision);
        const auto rows = co_await pool_.execute(kConfirm, std::move(parameters), deadline);
        if (!rows) {
            co_return fail(rows.error());
        }
        co_return rows->boolean(0, 0);
    }

    Task<void> close(Deadline deadline) override { co_await pool_.close(deadline); }

  private:
    std::string name_;
    postgres::Pool pool_;
};

}  // namespace

std::unique_ptr<SqlAccessStore> make_postgres_sql_access(boost::asio::io_context& loop,
                                                         SqlDatabase database,
                                                         postgres::StatementObserver observe) {
    return std::make_unique<PostgresSqlAccess>(loop, std::move(database), std::move(observe));
}

}  // namespace pgmind::security
