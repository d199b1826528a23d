#include <iostream>

#include "client/api_error.hpp"
#include "command.hpp"
#include "commands/grants.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

struct PrincipalOptions {
    std::string name;
    std::string kind;
    std::vector<std::string> grants;
    std::vector<std::string> denials;
    GrantText narrowing;  // of all the grants of the command
    bool replace = false;
};

std::string grants_text(const JsonNode& principal) {
    std::string text;
    for (const GrantText& grant : grants_of(principal["grants"])) {
        text += (text.empty() ? "" : ", ") + describe(grant);
    }
    return text;
}

Exit list(const GlobalOptions& global, const PrincipalOptions&) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"principals"}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        Table table({{"name"}, {"kind"}, {"state"}, {"created (UTC)"}, {"grants"}});
        for (const JsonNode& principal : answer->json()["principals"].items()) {
            const bool disabled = principal["disabled"].truth();
            table.add({{principal["name"].text(), Style::bold},
                       principal["kind"].text(),
                       {disabled ? "disabled" : "active", disabled ? Style::bad : Style::plain},
                       human_time(principal["created_at"].text()),
                       grants_text(principal)});
        }
        std::cout << table.render();
        return {};
    });
}

Result<std::vector<GrantText>> wanted_grants(const PrincipalOptions& options) {
    std::vector<GrantText> grants;
    for (const auto& [texts, deny] :
         {std::pair(&options.grants, false), std::pair(&options.denials, true)}) {
        for (const std::string& text : *texts) {
            auto grant = parse_grant(text, deny);
            if (!grant) {
                return fail(std::move(grant.error()));
            }
            const GrantText& only = options.narrowing;
            grant->actions = only.actions;
            grant->resource_types = only.resource_types;
            grant->expires_at = only.expires_at;
            if (!deny) {
                grant->requests_per_second = only.requests_per_second;
                grant->concurrency_max = only.concurrency_max;
            }
            grants.push_back(std::move(*grant));
        }
    }
    return grants;
}

void print_principal(const GlobalOptions& global, const Answer& answer, const char* done) {
    if (global.json) {
        std::cout << answer.text() << "\n";
        return;
    }
    const std::string grants = grants_text(answer.json());
    std::cout << styled(done, Style::good) << " " << printable(answer.json()["name"].text()) << " ("
              << printable(answer.json()["kind"].text())
              << "): " << (grants.empty() ? "no grants" : printable(grants)) << "\n";
}

Exit create(const GlobalOptions& global, const PrincipalOptions& options) {
    const auto grants = wanted_grants(options);
    if (!grants) {
        return report(grants.error());
    }
    std::string body;
    json::ObjectWriter object(body);
    object.string("name", options.name);
    if (!options.kind.empty()) {
        object.string("kind", options.kind);
    }
    object.name("grants");
    append_grants(body, *grants);
    object.end();
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"POST", {"principals"}, {}, {}, std::move(body)});
        if (!answer) {
            return fail(answer.error());
        }
        print_principal(global, *answer, "created");
        return {};
    });
}

Result<std::vector<GrantText>> current_grants(ApiClient& client, const std::string& name) {
    const auto answer = client.get({"principals"}, {});
    if (!answer) {
        return fail(answer.error());
    }
    for (const JsonNode& principal : answer->json()["principals"].items()) {
        if (principal["name"].text() == name) {
            return grants_of(principal["grants"]);
        }
    }
    return fail(client_error(Failure::not_found, "there is no principal " + name));
}

Exit grant(const GlobalOptions& global, const PrincipalOptions& options) {
    auto wanted = wanted_grants(options);
    if (!wanted) {
        return report(wanted.error());
    }
    if (wanted->empty() && !options.replace) {
        return report(invalid_argument("role", "say which role to grant, such as readonly:notes"));
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        std::vector<GrantText> grants;
        if (!options.replace) {
            auto current = current_grants(client, options.name);
            if (!current) {
                return fail(std::move(current.error()));
            }
            grants = std::move(*current);
        }
        for (const GrantText& one : *wanted) {
            if (std::find(grants.begin(), grants.end(), one) == grants.end()) {
                grants.push_back(one);
            }
        }
        std::string body;
        json::ObjectWriter object(body);
        object.name("grants");
        append_grants(body, grants);
        object.end();
        const auto answer =
            client.call({"PUT", {"principals", options.name, "grants"}, {}, {}, std::move(body)});
        if (!answer) {
            return fail(answer.error());
        }
        print_principal(global, *answer, "changed");
        return {};
    });
}

Exit disable(const GlobalOptions& global, const PrincipalOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.call({"DELETE", {"principals", options.name}});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::string out;
            json::ObjectWriter object(out);
            object.boolean("disabled", true).string("name", options.name);
            object.end();
            std::cout << out << "\n";
        } else {
            std::cout << "disabled " << printable(options.name) << "\n";
        }
        return {};
    });
}

constexpr const char* kGrantForm =
    "A grant is ROLE:PATTERN. Roles: admin, app_user, mcp_user, readonly, auditor. The pattern\n"
    "says in which namespaces: notes, team-a/*, * (all); auditor needs none.\n";

void add_grant_options(CLI::App* command, PrincipalOptions& options) {
    command
        ->add_option("--deny", options.denials,
                     "Taken away, whatever else allows it; may be repeated")
        ->type_name("GRANT")
        ->take_all()
        ->allow_extra_args(false);
    GrantText& only = options.narrowing;
    command->add_option("--only-actions", only.actions, "Of what the roles have, only these")
        ->delimiter(',')
        ->check(one_of({"read", "write", "delete", "execute", "admin"}));
    command->add_option("--only-resources", only.resource_types, "and only on these")
        ->delimiter(',')
        ->check(one_of(
            {"memory", "namespaces", "cluster", "principals", "audit", "metrics", "traces"}));
    command->add_option("--until", only.expires_at, "The grants end then: 2027-01-31T12:00:00Z");
    command
        ->add_option("--max-rate", only.requests_per_second,
                     "Requests a second of the principal, while the grants count")
        ->check(whole_number(1));
    command
        ->add_option("--max-concurrency", only.concurrency_max,
                     "Requests of the principal at once, while the grants count")
        ->check(whole_number(1));
}

}  // namespace

void add_principal_command(CommandLine line) {
    CLI::App* group = line.app.add_subcommand("principal", "Who may do what");
    group->require_subcommand(1);
    group->footer(
        "Examples:\n"
        "  pgmind principal create my-agent --grant mcp_user:notes\n"
        "  pgmind principal grant my-agent readonly:debian/*\n"
        "  pgmind principal list");
    auto options = std::make_shared<PrincipalOptions>();

    CLI::App* listing = group->add_subcommand("list", "All of them, with their grants");
    listing->footer("Examples:\n  pgmind principal list\n  pgmind principal list --json");
    run_when_parsed(line, listing, options, list);

    CLI::App* creation = group->add_subcommand("create", "Create one; key create gives it a key");
    creation->add_option("name", options->name, "Name of the principal")->required();
    creation->add_option("--kind", options->kind, "[ai_agent]")
        ->check(one_of({"user", "service", "ai_agent"}));
    creation->add_option("--grant", options->grants, "ROLE:PATTERN; may be repeated")
        ->type_name("GRANT")
        ->take_all()
        ->allow_extra_args(false);
    add_grant_options(creation, *options);
    creation->footer(std::string(kGrantForm) +
                     "Examples:\n  pgmind principal create my-agent --grant mcp_user:notes\n"
                     "  pgmind principal create web --kind service --grant app_user:shop/*");
    run_when_parsed(line, creation, options, create);

    CLI::App* granting = group->add_subcommand("grant", "Add grants to what it has");
    granting->add_option("name", options->name, "Name of the principal")->required();
    granting->add_option("grants", options->grants, "ROLE or ROLE:PATTERN, one or more");
    add_grant_options(granting, *options);
    granting->add_flag("--replace", options->replace, "In place of what it has");
    granting->footer(std::string(kGrantForm) +
                     "Examples:\n  pgmind principal grant my-agent readonly:debian/*\n"
                     "  pgmind principal grant my-agent mcp_user:* --deny mcp_user:secret/*\n"
                     "  pgmind principal grant my-agent admin:notes --only-actions execute\n"
                     "  pgmind principal grant guest readonly:notes --until 2027-01-31T12:00:00Z "
                     "--max-rate 20\n"
                     "  pgmind principal grant my-agent --replace readonly:notes");
    run_when_parsed(line, granting, options, grant);

    CLI::App* disabling = group->add_subcommand("disable", "Refuse all its keys from now on");
    disabling->add_option("name", options->name, "Name of the principal")->required();
    disabling->footer("Examples:\n  pgmind principal disable my-agent");
    run_when_parsed(line, disabling, options, disable);
}

}  // namespace pgmind::app
