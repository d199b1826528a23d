#include <iostream>

#include "client/api_error.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"
#include "platform/process/files.hpp"

namespace pgmind::app {
namespace {

struct KeyOptions {
    std::string principal;
    std::string key_id;
    std::string label;
    std::string file;
    std::int64_t ttl_seconds = 0;
};

std::string state_of(const JsonNode& key) {
    if (key["revoked_at"]) {
        return "revoked " + human_time(key["revoked_at"].text());
    }
    if (key["expires_at"]) {
        return "until " + human_time(key["expires_at"].text());
    }
    return "valid";
}

Exit list(const GlobalOptions& global, const KeyOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"principals", options.principal, "keys"}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        Table table({{"key id"}, {"label"}, {"created (UTC)"}, {"state"}});
        for (const JsonNode& key : answer->json()["keys"].items()) {
            table.add({{key["key_id"].text(), Style::bold},
                       key["label"].text(),
                       human_time(key["created_at"].text()),
                       {state_of(key), key["revoked_at"] ? Style::dim : Style::plain}});
        }
        if (table.empty()) {
            std::cerr << printable(options.principal) << " has no keys\n";
        } else {
            std::cout << table.render();
        }
        return {};
    });
}

// The key alone goes to standard output, so that it can be caught in a variable.
Result<void> hand_over(const Answer& answer, const GlobalOptions& global,
                       const KeyOptions& options) {
    const std::string secret = answer.json()["api_key"].text();
    if (!options.file.empty()) {
        auto written = process::write_atomically(options.file, secret + "\n", 0600);
        if (!written) {
            // Nobody will ever see this key: better that it is not left valid unseen.
            written.error().detail += "; revoke the key " + answer.json()["key_id"].text();
            return written;
        }
        std::cerr << "key " << printable(answer.json()["key_id"].text()) << " is in "
                  << printable(options.file) << "\n";
    } else if (global.json) {
        std::cout << answer.text() << "\n";
    } else {
        std::cerr << "key " << printable(answer.json()["key_id"].text()) << " of "
                  << printable(options.principal) << "; it is shown this once:\n";
        std::cout << secret << "\n";
    }
    return {};
}

Exit create(const GlobalOptions& global, const KeyOptions& options) {
    std::string body;
    json::ObjectWriter object(body);
    if (!options.label.empty()) {
        object.string("label", options.label);
    }
    if (options.ttl_seconds > 0) {
        object.number("ttl_seconds", options.ttl_seconds);
    }
    object.end();
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call(
            {"POST", {"principals", options.principal, "keys"}, {}, {}, std::move(body)});
        if (!answer) {
            return fail(answer.error());
        }
        return hand_over(*answer, global, options);
    });
}

Exit revoke(const GlobalOptions& global, const KeyOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"DELETE", {"keys", options.key_id}});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::string out;
            json::ObjectWriter object(out);
            object.boolean("revoked", true).string("key_id", options.key_id);
            object.end();
            std::cout << out << "\n";
        } else {
            std::cout << "revoked " << printable(options.key_id) << "\n";
        }
        return {};
    });
}

}  // namespace

void add_key_command(CommandLine line) {
    CLI::App* group = line.app.add_subcommand("key", "List, create, revoke API keys");
    group->require_subcommand(1);
    group->footer(
        "Examples:\n"
        "  pgmind key list my-agent\n"
        "  PGMIND_API_KEY=$(pgmind key create my-agent) pgmind search hello\n"
        "  pgmind key revoke KEY_ID");
    auto options = std::make_shared<KeyOptions>();

    CLI::App* listing = group->add_subcommand("list", "Those of a principal, without secrets");
    listing->add_option("principal", options->principal, "Name of the principal")->required();
    listing->footer("Examples:\n  pgmind key list my-agent\n  pgmind key list my-agent --json");
    run_when_parsed(line, listing, options, list);

    CLI::App* creation = group->add_subcommand("create", "Issue one; its secret is shown once");
    creation->add_option("principal", options->principal, "Name of the principal")->required();
    creation->add_option("--label", options->label, "What it is for");
    creation->add_option("--ttl", options->ttl_seconds, "Seconds until it expires [never]")
        ->check(whole_number(1));
    creation
        ->add_option("-o,--output", options->file,
                     "File for the key, readable by you alone [standard output]")
        ->type_name(kFileType);
    creation->footer(
        "Examples:\n  pgmind key create my-agent --label laptop --ttl 2592000\n"
        "  pgmind key create my-agent -o my-agent.key");
    run_when_parsed(line, creation, options, create);

    CLI::App* revocation = group->add_subcommand("revoke", "Make one useless, at once");
    revocation->add_option("key_id", options->key_id, "Id of the key (key list)")->required();
    revocation->footer("Examples:\n  pgmind key revoke KEY_ID");
    run_when_parsed(line, revocation, options, revoke);
}

}  // namespace pgmind::app
