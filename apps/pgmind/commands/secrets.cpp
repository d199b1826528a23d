#include <iostream>

#include "command.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

struct SecretsOptions {
    bool given = false;
};

std::string joined(const JsonNode& ids) {
    std::string text;
    for (const JsonNode& id : ids.items()) {
        text += (text.empty() ? "" : ", ") + id.text();
    }
    return text.empty() ? "-" : text;
}

Exit list(const GlobalOptions& global, const SecretsOptions&) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"secrets"}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        const JsonNode& secrets = answer->json();
        Properties properties;
        properties.add("kek source", secrets["kek_source"].text());
        properties.add("keks", joined(secrets["keks"]));
        properties.add("kek in use", secrets["kek_in_use"].text());
        properties.add("data keys", human_count(secrets["data_keys"].integer()));
        properties.add("under older keks", human_count(secrets["data_keys_under_older"].integer()));
        properties.add("encrypted", human_count(secrets["encrypted_namespaces"].integer(),
                                                "namespace", "namespaces"));
        properties.add("destroyed", human_count(secrets["destroyed_namespaces"].integer(),
                                                "namespace", "namespaces"));
        if (!secrets["passwords_made_at"].text().empty()) {
            properties.add("passwords made", secrets["passwords_made_at"].text());
            properties.add("certificates end", secrets["certificates_end_at"].text());
        }
        std::cout << properties.render();
        return {};
    });
}

Exit rotate_own(const GlobalOptions& global, const std::string& what) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"POST", {"secrets", what, "rotate"}, {}, {}, ""});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        std::cout << "new " << what << ": " << joined(answer->json()["rotated"]) << "\n";
        return {};
    });
}

Exit rotate_passwords(const GlobalOptions& global, const SecretsOptions&) {
    return rotate_own(global, "passwords");
}

Exit rotate_certificates(const GlobalOptions& global, const SecretsOptions&) {
    return rotate_own(global, "certificates");
}

Exit rotate_kek(const GlobalOptions& global, const SecretsOptions& options) {
    std::string body;
    json::ObjectWriter(body).boolean("make_new", !options.given).end();
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        ApiRequest request{"POST", {"secrets", "kek", "rotate"}, {}, {}, std::move(body)};
        request.timeout = std::chrono::minutes(10);
        const auto answer = client.call(std::move(request));
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        const JsonNode& done = answer->json();
        std::cout << "key-encryption key " << done["kek_in_use"].text() << " is in use; "
                  << human_count(done["rewrapped_data_keys"].integer(), "data key", "data keys")
                  << " wrapped anew\n"
                  << "no longer needed, but by backups: " << joined(done["unused_keks"]) << "\n";
        return {};
    });
}

}  // namespace

void add_secrets_command(CommandLine line) {
    CLI::App* group = line.app.add_subcommand(
        "secrets", "Passwords, certificates and keys of the cluster: how old, and new ones");
    group->require_subcommand(1);
    group->footer("Examples:\n  pgmind secrets list\n  pgmind secrets rotate kek");
    auto options = std::make_shared<SecretsOptions>();

    CLI::App* listing = group->add_subcommand("list", "Ids and numbers, no secret");
    listing->footer("Examples:\n  pgmind secrets list\n  pgmind secrets list --json");
    run_when_parsed(line, listing, options, list);

    CLI::App* rotation = group->add_subcommand("rotate", "Take a new one into use");
    rotation->require_subcommand(1);
    rotation->footer("Examples:\n  pgmind secrets rotate kek\n  pgmind secrets rotate kek --given");
    CLI::App* kek = rotation->add_subcommand("kek", "The key-encryption key");
    kek->add_flag("--given", options->given,
                  "It is in the ring already (needed when that is a setting or a command)");
    kek->footer(
        "Wraps every data key anew; cut off, it goes on when asked again. Older keys of the ring\n"
        "still open what is older.\n"
        "Examples:\n  pgmind secrets rotate kek\n  pgmind secrets rotate kek --given");
    run_when_parsed(line, kek, options, rotate_kek);

    CLI::App* passwords = rotation->add_subcommand("passwords", "Of PostgreSQL's roles");
    passwords->footer(
        "No request fails meanwhile; cut off, it goes on when asked again.\n"
        "Example:\n  pgmind secrets rotate passwords");
    run_when_parsed(line, passwords, options, rotate_passwords);

    CLI::App* certificates =
        rotation->add_subcommand("certificates", "Of the servers and the gateway");
    certificates->footer(
        "By the cluster's own authority; connections that are open keep theirs.\n"
        "Example:\n  pgmind secrets rotate certificates");
    run_when_parsed(line, certificates, options, rotate_certificates);
}

}  // namespace pgmind::app
