#include <iostream>

#include "client/api_error.hpp"
#include "client/session_file.hpp"
#include "commands/auth.hpp"
#include "commands/grants.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "password_input.hpp"
#include "platform/json/writer.hpp"
#include "platform/process/files.hpp"

namespace pgmind::app {
namespace {

constexpr const char* kPasswordFile = "--password-file";
constexpr const char* kCodeNeeded = "second_factor_required";

struct SessionOptions {
    std::string name;
    std::string password_file;
    std::string token_file;
    std::string session_id;
    std::string code;
};

Result<Answer> ask_for_session(ApiClient& client, const std::string& name,
                               const std::string& password, const std::string& code) {
    std::string body;
    json::ObjectWriter object(body);
    object.string("name", name).string("password", password);
    if (!code.empty()) {
        object.string("code", code);
    }
    object.end();
    return client.call({"POST", {"auth", "login"}, {}, {}, std::move(body)});
}

Result<void> keep(const Answer& answer, const std::string& url, const SessionOptions& options) {
    const std::string token = answer.json()["token"].text();
    if (session_id_in(token).empty()) {
        return fail(client_error(Failure::internal, "the server gave no token of a session"));
    }
    return options.token_file.empty()
               ? write_session_file({token, url})
               : process::write_atomically(options.token_file, token + "\n", 0600);
}

// Without the token: it is in the file now and nowhere else.
void print_session(const GlobalOptions& global, const Answer& answer,
                   const SessionOptions& options) {
    const std::string file = options.token_file.empty() ? session_file_path() : options.token_file;
    if (global.json) {
        std::string out;
        json::ObjectWriter object(out);
        object.string("name", options.name)
            .string("session_id", answer.json()["session_id"].text())
            .string("expires_at", answer.json()["expires_at"].text())
            .string("token_file", file);
        object.end();
        std::cout << out << "\n";
        return;
    }
    std::cout << styled("logged in", Style::good) << " as " << printable(options.name) << " until "
              << human_time(answer.json()["expires_at"].text()) << " UTC, or "
              << human_count(answer.json()["idle_timeout_seconds"].integer() / 60)
              << " minutes without use\n";
    if (answer.json()["second_factor_needed"].truth()) {
        std::cout << "the policy asks for a second factor first: pgmind auth mfa enrol\n";
    }
    if (!options.token_file.empty()) {
        std::cout << "for later commands: --key-file " << printable(file) << "\n";
    }
}

Exit log_in(const GlobalOptions& global, const SessionOptions& options) {
    auto endpoint = find_endpoint(global);
    if (!endpoint) {
        return report(endpoint.error());
    }
    const auto password = read_secret("Password of " + options.name + " at " + endpoint->url,
                                      kPasswordFile, options.password_file);
    if (!password) {
        return report(password.error());
    }
    endpoint->api_key.clear();
    endpoint->from_login = false;
    const std::string url = endpoint->url;
    auto client = ApiClient::connect(std::move(*endpoint));
    if (!client) {
        return report(client.error());
    }
    if (global.verbose) {
        client->be_verbose();
    }
    auto answer = ask_for_session(*client, options.name, *password, options.code);
    if (!answer && options.code.empty() && answer.error().reason == kCodeNeeded) {
        const auto code = read_from_terminal("Code of the authenticator app", "--code");
        if (!code) {
            return report(code.error());
        }
        answer = ask_for_session(*client, options.name, *password, *code);
    }
    if (!answer) {
        return report(answer.error());
    }
    const auto kept = keep(*answer, url, options);
    if (!kept) {
        return report(kept.error());
    }
    print_session(global, *answer, options);
    return Exit::success;
}

// The session ends on the server first: a token that was only deleted here would stay valid.
Exit log_out(const GlobalOptions& global, const SessionOptions&) {
    const auto session = read_session_file();
    if (!session) {
        std::cerr << "not logged in\n";
        const auto removed = remove_session_file();
        return removed ? Exit::success : report(removed.error());
    }
    GlobalOptions there = global;
    there.url = session->url;
    auto endpoint = find_endpoint(there);
    if (!endpoint) {
        return report(endpoint.error());
    }
    endpoint->api_key = session->token;
    auto client = ApiClient::connect(std::move(*endpoint));
    if (!client) {
        return report(client.error());
    }
    const auto answer =
        client->call({"DELETE", {"auth", "sessions", session_id_in(session->token)}});
    const bool over = answer || answer.error().is(Failure::unauthenticated) ||
                      answer.error().is(Failure::not_found);
    if (!over) {
        return report(answer.error());
    }
    const auto removed = remove_session_file();
    if (!removed) {
        return report(removed.error());
    }
    std::cout << (global.json ? "{\"logged_out\":true}" : "logged out") << "\n";
    return Exit::success;
}

Exit who_am_i(const GlobalOptions& global, const SessionOptions&) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"me"}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        const JsonNode& me = answer->json();
        const std::string session = me["session_id"].text();
        Properties properties;
        properties.add("name", me["name"].text(), Style::bold);
        properties.add("kind", me["kind"].text());
        properties.add(session.empty() ? "key" : "session",
                       session.empty() ? me["key_id"].text() : session);
        std::string grants;
        for (const GrantText& grant : grants_of(me["grants"])) {
            grants += (grants.empty() ? "" : ", ") + describe(grant);
        }
        properties.add("grants", grants.empty() ? "none" : grants);
        properties.add("server", client.endpoint().url);
        std::cout << properties.render();
        return {};
    });
}

std::vector<std::string> sessions_of(const SessionOptions& options) {
    return options.name.empty() ? std::vector<std::string>{"auth", "sessions"}
                                : std::vector<std::string>{"principals", options.name, "sessions"};
}

std::string state_of(const JsonNode& session) {
    if (session["revoked_at"]) {
        return "ended " + human_time(session["revoked_at"].text());
    }
    return session["current"].truth() ? "this one"
                                      : "until " + human_time(session["expires_at"].text());
}

Exit list(const GlobalOptions& global, const SessionOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get(sessions_of(options), {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        Table table({{"session"}, {"logged in (UTC)"}, {"last used"}, {"from"}, {"state"}});
        for (const JsonNode& session : answer->json()["sessions"].items()) {
            table.add({{session["session_id"].text(), Style::bold},
                       human_time(session["created_at"].text()),
                       human_time(session["last_used_at"].text()),
                       session["remote_address"].text(),
                       {state_of(session), session["revoked_at"] ? Style::dim : Style::plain}});
        }
        if (table.empty()) {
            std::cerr << "no sessions\n";
        } else {
            std::cout << table.render();
        }
        return {};
    });
}

Exit revoke(const GlobalOptions& global, const SessionOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        std::vector<std::string> path = sessions_of(options);
        path.push_back(options.session_id);
        const auto answer = client.call({"DELETE", std::move(path)});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::string out;
            json::ObjectWriter object(out);
            object.boolean("revoked", true).string("session_id", options.session_id);
            object.end();
            std::cout << out << "\n";
        } else {
            std::cout << "ended " << printable(options.session_id) << "\n";
        }
        return {};
    });
}

void add_login(const CommandLine& line, CLI::App* group,
               const std::shared_ptr<SessionOptions>& options) {
    CLI::App* login = group->add_subcommand("login", "Begin a session; later commands use it");
    login->add_option("name", options->name, "Your name")->required();
    login->add_option(kPasswordFile, options->password_file, kPasswordFileHelp)
        ->type_name(kFileType);
    login->add_option("--code", options->code,
                      "Code of the second factor, good for once [asked for where needed]");
    login
        ->add_option("-o,--token-file", options->token_file,
                     "File for the token, for use with --key-file [your own session file]")
        ->type_name(kFileType);
    login->footer(
        "The token goes to a file that only you can read, and later commands send it to this\n"
        "server and no other.\n"
        "Examples:\n"
        "  pgmind auth login ann\n"
        "  pgmind --url https://memory.example auth login ann\n"
        "  pgmind auth login ann --password-file secret -o ann.token");
    run_when_parsed(line, login, options, log_in);
}

}  // namespace

void add_auth_session_commands(const CommandLine& line, CLI::App* group) {
    auto options = std::make_shared<SessionOptions>();
    add_login(line, group, options);

    CLI::App* logout = group->add_subcommand("logout", "End the session of auth login");
    logout->footer("Examples:\n  pgmind auth logout");
    run_when_parsed(line, logout, options, log_out);

    CLI::App* whoami = group->add_subcommand("whoami", "Who the server takes you for");
    whoami->footer("Examples:\n  pgmind auth whoami\n  pgmind auth whoami --json");
    run_when_parsed(line, whoami, options, who_am_i);

    CLI::App* listing = group->add_subcommand("sessions", "Your sessions, or those of another");
    listing->add_option("--of", options->name, "Name of another, for administrators");
    listing->footer("Examples:\n  pgmind auth sessions\n  pgmind auth sessions --of ann");
    run_when_parsed(line, listing, options, list);

    CLI::App* revocation = group->add_subcommand("revoke", "End a session, everywhere");
    revocation->add_option("session_id", options->session_id, "Id of the session (auth sessions)")
        ->required();
    revocation->add_option("--of", options->name, "Name of another, for administrators");
    revocation->footer("Examples:\n  pgmind auth revoke SESSION_ID --of ann");
    run_when_parsed(line, revocation, options, revoke);
}

}  // namespace pgmind::app
