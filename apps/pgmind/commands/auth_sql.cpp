#include <iostream>

#include "commands/auth.hpp"
#include "input.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"
#include "platform/process/files.hpp"

namespace pgmind::app {
namespace {

struct SqlOptions {
    std::string principal;
    std::string file;
};

Result<void> hand_over(const Answer& answer, const GlobalOptions& global,
                       const SqlOptions& options) {
    const std::string login = answer.json()["login"].text();
    const std::string password = answer.json()["password"].text();
    if (!options.file.empty()) {
        auto written = process::write_atomically(options.file, password + "\n", 0600);
        if (!written) {
            // Nobody will ever see this password: better that it is not left valid unseen.
            written.error().detail += "; pgmind auth sql disable " + options.principal;
            return written;
        }
        std::cerr << "the password of the login " << printable(login) << " is in "
                  << printable(options.file) << "\n";
    } else if (global.json) {
        std::cout << answer.text() << "\n";
    } else {
        std::cerr << "the login is " << printable(login) << "; its password is shown this once:\n";
        std::cout << password << "\n";
    }
    return {};
}

Exit enable(const GlobalOptions& global, const SqlOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"POST", {"principals", options.principal, "sql"}});
        if (!answer) {
            return fail(answer.error());
        }
        return hand_over(*answer, global, options);
    });
}

Exit disable(const GlobalOptions& global, const SqlOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"DELETE", {"principals", options.principal, "sql"}});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::string out;
            json::ObjectWriter object(out);
            object.boolean("disabled", true).string("principal", options.principal);
            object.end();
            std::cout << out << "\n";
        } else {
            std::cout << "ended the SQL login of " << printable(options.principal) << "\n";
        }
        return {};
    });
}

}  // namespace

void add_auth_sql_commands(CommandLine line, CLI::App* group) {
    CLI::App* sql = group->add_subcommand("sql", "Logins to PostgreSQL itself");
    sql->require_subcommand(1);
    auto options = std::make_shared<SqlOptions>();
    CLI::App* enabling = sql->add_subcommand(
        "enable", "Give a principal a login on every shard, or another password");
    enabling->add_option("principal", options->principal, "Its name")->required();
    enabling
        ->add_option("-o,--output", options->file,
                     "File for the password, readable by you alone [standard output]")
        ->type_name(kFileType);
    enabling->footer(
        "The login is sql_NAME; it sees the namespaces of the principal's grants.\n"
        "Examples:\n  pgmind auth sql enable analyst -o analyst.password");
    run_when_parsed(line, enabling, options, enable);
    CLI::App* disabling = sql->add_subcommand("disable", "End it, and what is connected with it");
    disabling->add_option("principal", options->principal, "Its name")->required();
    disabling->footer("Examples:\n  pgmind auth sql disable analyst");
    run_when_parsed(line, disabling, options, disable);
}

}  // namespace pgmind::app
