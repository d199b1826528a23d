#include <iostream>

#include "commands/auth.hpp"
#include "commands/grants.hpp"
#include "input.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "password_input.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

constexpr const char* kPasswordFile = "--password-file";

struct UserOptions {
    std::string name;
    std::string password_file;
    std::string current_file;
    std::vector<std::string> grants;
};

Result<void> set_password(ApiClient& client, const std::string& name, const std::string& password) {
    std::string body;
    json::ObjectWriter object(body);
    object.string("password", password);
    object.end();
    const auto answer =
        client.call({"PUT", {"principals", name, "password"}, {}, {}, std::move(body)});
    return answer ? Result<void>() : fail(answer.error());
}

// The password is read first: a principal without one would be left behind otherwise.
Exit add(const GlobalOptions& global, const UserOptions& options) {
    std::vector<GrantText> grants;
    for (const std::string& text : options.grants) {
        auto grant = parse_grant(text, false);
        if (!grant) {
            return report(grant.error());
        }
        grants.push_back(std::move(*grant));
    }
    const auto password = read_new_password(kPasswordFile, options.password_file);
    if (!password) {
        return report(password.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("name", options.name).string("kind", "user").name("grants");
    append_grants(body, grants);
    object.end();
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"POST", {"principals"}, {}, {}, std::move(body)});
        if (!answer) {
            return fail(answer.error());
        }
        auto set = set_password(client, options.name, *password);
        if (!set) {
            set.error().detail +=
                "; '" + options.name + "' exists now without a password: pgmind auth user passwd";
            return set;
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            std::cout << styled("created", Style::good) << " user " << printable(options.name)
                      << "; pgmind auth login " << printable(options.name) << "\n";
        }
        return {};
    });
}

void say(const GlobalOptions& global, const std::string& name, const std::string& text) {
    if (global.json) {
        std::string out;
        json::ObjectWriter object(out);
        object.boolean("changed", true);
        if (!name.empty()) {
            object.string("name", name);
        }
        object.end();
        std::cout << out << "\n";
    } else {
        std::cout << text << "\n";
    }
}

Exit set(const GlobalOptions& global, const UserOptions& options) {
    const auto password = read_new_password(kPasswordFile, options.password_file);
    if (!password) {
        return report(password.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        auto done = set_password(client, options.name, *password);
        if (done) {
            say(global, options.name,
                "set the password of " + printable(options.name) + "; its sessions are over");
        }
        return done;
    });
}

Exit change(const GlobalOptions& global, const UserOptions& options) {
    const auto current =
        read_secret("Current password", "--current-password-file", options.current_file);
    if (!current) {
        return report(current.error());
    }
    const auto wanted = read_new_password(kPasswordFile, options.password_file);
    if (!wanted) {
        return report(wanted.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("current_password", *current).string("password", *wanted);
    object.end();
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"POST", {"auth", "password"}, {}, {}, std::move(body)});
        if (!answer) {
            return fail(answer.error());
        }
        say(global, "", "changed; all your other sessions are over");
        return {};
    });
}

}  // namespace

void add_auth_user_commands(const CommandLine& line, CLI::App* group) {
    auto options = std::make_shared<UserOptions>();
    CLI::App* users = group->add_subcommand("user", "People who log in with a password");
    users->require_subcommand(1);
    users->footer(
        "Examples:\n"
        "  pgmind auth user add ann --grant app_user:notes\n"
        "  pgmind auth user passwd ann");

    CLI::App* addition = users->add_subcommand("add", "Create one with a password");
    addition->add_option("name", options->name, "Name of the user")->required();
    addition->add_option("--grant", options->grants, "ROLE:PATTERN; may be repeated")
        ->type_name("GRANT")
        ->take_all()
        ->allow_extra_args(false);
    addition->add_option(kPasswordFile, options->password_file, kPasswordFileHelp)
        ->type_name(kFileType);
    addition->footer(
        "Examples:\n"
        "  pgmind auth user add ann --grant app_user:notes\n"
        "  pgmind auth user add ann --password-file first-password");
    run_when_parsed(line, addition, options, add);

    CLI::App* setting = users->add_subcommand("passwd", "Set the password of one, who forgot it");
    setting->add_option("name", options->name, "Name of the user")->required();
    setting->add_option(kPasswordFile, options->password_file, kPasswordFileHelp)
        ->type_name(kFileType);
    setting->footer("Examples:\n  pgmind auth user passwd ann");
    run_when_parsed(line, setting, options, set);

    CLI::App* own = group->add_subcommand("passwd", "Change your own password");
    own->add_option("--current-password-file", options->current_file,
                    "File whose first line is the current password [asked for on the terminal]")
        ->type_name(kFileType);
    own->add_option(kPasswordFile, options->password_file, kPasswordFileHelp)->type_name(kFileType);
    own->footer("Examples:\n  pgmind auth passwd");
    run_when_parsed(line, own, options, change);
}

}  // namespace pgmind::app
