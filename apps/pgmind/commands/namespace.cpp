#include <iostream>

#include "client/api_error.hpp"
#include "client/pages.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

struct NamespaceOptions {
    std::string name;
    std::string prefix;
    std::string scope;
    std::string text_language;
    std::string metadata;
    std::int64_t dimensions = 0;
    bool yes = false;
    bool encrypted = false;
};

std::string or_dash(const JsonNode& node) {
    return node ? node.text() : "-";
}

Exit list(const GlobalOptions& global, const NamespaceOptions& options) {
    const PagedList all{
        {"namespaces"}, {{"prefix", options.prefix}, {"scope", options.scope}}, "namespaces"};
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        if (global.json) {
            return print_pages_as_json(client, all, 0);
        }
        Table table({{"name"},
                     {"scope"},
                     {"dimensions", Table::Align::right},
                     {"language"},
                     {"shard"},
                     {"slot", Table::Align::right},
                     {"created (UTC)"}});
        const auto next = read_pages(client, all, 0, [&table](const JsonNode& item) {
            table.add({{item["name"].text(), Style::bold},
                       item["scope"].text(),
                       or_dash(item["dimensions"]),
                       item["text_language"].text(),
                       item["shard"].text(),
                       item["slot"].text(),
                       human_time(item["created_at"].text())});
        });
        if (!next) {
            return fail(next.error());
        }
        if (table.empty()) {
            std::cerr << "no namespaces\n";
        } else {
            std::cout << table.render();
        }
        return {};
    });
}

void print_details(const JsonNode& details) {
    Properties properties;
    properties.add("name", details["name"].text(), Style::bold);
    properties.add("scope", details["scope"].text());
    properties.add("entries", human_count(details["entries"].integer()));
    properties.add("embeddings", human_count(details["entries_with_embedding"].integer()));
    properties.add("dimensions", or_dash(details["dimensions"]));
    properties.add("size", human_bytes(details["bytes"].integer()));
    properties.add("encrypted", details["encrypted"].truth() ? "values, texts and metadata" : "no");
    properties.add("language", details["text_language"].text());
    properties.add("metadata", std::string(details["metadata"].raw()));
    properties.add("shard", details["shard"].text() + ", slot " + details["slot"].text());
    properties.add("created", human_time(details["created_at"].text()));
    std::cout << properties.render();
}

Exit show(const GlobalOptions& global, const NamespaceOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"namespaces", options.name}, {{"scope", options.scope}});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            print_details(answer->json());
        }
        return {};
    });
}

Result<std::string> settings_of(const NamespaceOptions& options) {
    std::string body;
    json::ObjectWriter object(body);
    if (options.dimensions > 0) {
        object.number("dimensions", options.dimensions);
    }
    if (options.encrypted) {
        object.boolean("encrypted", true);
    }
    if (!options.text_language.empty()) {
        object.string("text_language", options.text_language);
    }
    if (!options.metadata.empty()) {
        auto metadata = checked_json("--metadata", options.metadata);
        if (!metadata) {
            return fail(std::move(metadata.error()));
        }
        object.raw("metadata", *metadata);
    }
    object.end();
    return body;
}

Exit create(const GlobalOptions& global, const NamespaceOptions& options) {
    auto body = settings_of(options);
    if (!body) {
        return report(body.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"PUT",
                                         {"namespaces", options.name},
                                         {{"scope", options.scope}},
                                         {},
                                         std::move(*body)});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            std::cout << styled(answer->status() == 201 ? "created" : "updated", Style::good) << " "
                      << printable(options.name) << " on "
                      << printable(answer->json()["shard"].text()) << "\n";
        }
        return {};
    });
}

Exit remove(const GlobalOptions& global, const NamespaceOptions& options) {
    if (!options.yes) {
        const auto sure = confirm("Delete the namespace " + options.name + " and all in it?");
        if (!sure) {
            return report(sure.error());
        }
        if (!*sure) {
            std::cerr << "nothing was deleted\n";
            return Exit::failure;
        }
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        ApiRequest request{"DELETE", {"namespaces", options.name}, {{"scope", options.scope}}};
        request.timeout = std::chrono::minutes(10);
        const auto answer = client.call(std::move(request));
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            const std::int64_t entries = answer->json()["deleted_entries"].integer();
            std::cout << "deleted " << printable(options.name) << " with "
                      << human_count(entries, "entry", "entries") << "\n";
        }
        return {};
    });
}

// A rotation or destruction is one call; its answer one number.
Result<std::int64_t> ask(ApiClient& client, const GlobalOptions& global,
                         const NamespaceOptions& options, const char* what, const char* member,
                         std::chrono::seconds timeout) {
    ApiRequest request{"POST", {"namespaces", options.name, what}, {{"scope", options.scope}}};
    request.timeout = timeout;
    const auto answer = client.call(std::move(request));
    if (!answer) {
        return fail(answer.error());
    }
    if (global.json) {
        std::cout << answer->text() << "\n";
    }
    return answer->json()[member].integer();
}

Exit rotate_key(const GlobalOptions& global, const NamespaceOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto entries = ask(client, global, options, "rotate-key", "reencrypted_entries",
                                 std::chrono::minutes(10));
        if (!entries) {
            return fail(entries.error());
        }
        if (!global.json) {
            std::cout << printable(options.name) << " has a new key; "
                      << human_count(*entries, "entry", "entries") << " encrypted under it\n";
        }
        return {};
    });
}

Exit shred(const GlobalOptions& global, const NamespaceOptions& options) {
    if (!options.yes) {
        const auto sure = confirm("Destroy the keys of " + options.name +
                                  "? What it holds can then never be read again.");
        if (!sure) {
            return report(sure.error());
        }
        if (!*sure) {
            std::cerr << "nothing was destroyed\n";
            return Exit::failure;
        }
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto keys =
            ask(client, global, options, "shred", "destroyed_keys", std::chrono::seconds(30));
        if (!keys) {
            return fail(keys.error());
        }
        if (!global.json) {
            std::cout << (*keys == 0 ? "its keys were destroyed before\n"
                                     : "destroyed the keys of " + printable(options.name) + "\n")
                      << "Embeddings are not encrypted: `pgmind namespace delete` removes them "
                         "too.\n";
        }
        return {};
    });
}

CLI::Option* add_write_scope(CLI::App* command, NamespaceOptions& options) {
    CLI::Option* scope = command->add_option("--scope", options.scope, "[project]");
    scope->check(one_of({"project", "shared"}));
    return scope;
}

CLI::App* add_with_name(CLI::App* group, const char* word, const char* description,
                        NamespaceOptions& options) {
    CLI::App* command = group->add_subcommand(word, description);
    command->add_option("namespace", options.name, "Namespace")->required();
    add_write_scope(command, options);
    return command;
}

}  // namespace

void add_namespace_command(CommandLine line) {
    CLI::App* group = line.app.add_subcommand("namespace", "List, create, show, delete namespaces");
    group->require_subcommand(1);
    group->footer(
        "Examples:\n"
        "  pgmind namespace list\n"
        "  pgmind namespace create products --dimensions 384\n"
        "  pgmind namespace delete scratch --yes");
    auto options = std::make_shared<NamespaceOptions>();

    CLI::App* listing = group->add_subcommand("list", "Those that you may read");
    listing->add_option("--prefix", options->prefix, "Only names that begin so");
    listing->add_option("--scope", options->scope, "[both]")
        ->check(one_of({"project", "shared", "both"}));
    listing->footer(
        "Examples:\n  pgmind namespace list\n  pgmind namespace list --prefix debian/ --json");
    run_when_parsed(line, listing, options, list);

    CLI::App* creation = add_with_name(group, "create", "Create it, or change settings", *options);
    creation
        ->add_option("--dimensions", options->dimensions, "Of its embeddings [those of the first]")
        ->check(whole_number(1, 16000));
    creation->add_option("--language", options->text_language,
                         "PostgreSQL text search configuration [the server's default]");
    creation->add_option("--metadata", options->metadata, "Your own notes on it")
        ->type_name("JSON");
    creation->add_flag("--encrypted", options->encrypted,
                       "Encrypt values, texts and metadata; only while it is empty, for good");
    creation->footer(
        "Namespaces come into being with their first entry too.\n"
        "Examples:\n  pgmind namespace create notes\n"
        "  pgmind namespace create rezepte --language german --dimensions 768");
    run_when_parsed(line, creation, options, create);

    CLI::App* showing = add_with_name(group, "show", "Settings and statistics", *options);
    showing->footer(
        "Examples:\n  pgmind namespace show notes\n"
        "  pgmind namespace show notes --json");
    run_when_parsed(line, showing, options, show);

    CLI::App* rotation = add_with_name(group, "rotate-key", "Encrypt it under a new key", *options);
    rotation->footer(
        "Reads and writes go on; cut off, it goes on when asked again.\n"
        "Examples:\n  pgmind namespace rotate-key patients");
    run_when_parsed(line, rotation, options, rotate_key);

    CLI::App* shredding =
        add_with_name(group, "shred", "Destroy the keys of an encrypted one", *options);
    shredding->add_flag("--yes", options->yes, "Do not ask");
    shredding->footer(
        "Nothing and nobody can read what it holds afterwards.\n"
        "Examples:\n  pgmind namespace shred patients --yes");
    run_when_parsed(line, shredding, options, shred);

    CLI::App* deletion = add_with_name(group, "delete", "Delete it with all entries", *options);
    deletion->add_flag("--yes", options->yes, "Do not ask");
    deletion->footer(
        "Examples:\n  pgmind namespace delete scratch\n"
        "  pgmind namespace delete scratch --yes");
    run_when_parsed(line, deletion, options, remove);
}

}  // namespace pgmind::app
