#include <iostream>

#include "client/pages.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct ListOptions {
    std::string namespace_name;
    std::string prefix;
    std::string order;
    std::string filter;
    std::string scope;
    std::string cursor;
    std::int64_t limit = 50;
    bool all = false;
    bool with_embedding = false;
};

PagedList list_of(const ListOptions& options) {
    return {{"namespaces", options.namespace_name, "entries"},
            {{"prefix", options.prefix},
             {"order", options.order},
             {"filter", options.filter},
             {"scope", options.scope},
             {"cursor", options.cursor},
             {"with_embedding", options.with_embedding ? "true" : ""}},
            "entries"};
}

Result<void> print_table(ApiClient& client, const PagedList& list, std::int64_t limit) {
    Table table({{"key"}, {"version", Table::Align::right}, {"updated (UTC)"}, {"value"}});
    const auto next = read_pages(client, list, limit, [&table](const JsonNode& entry) {
        table.add({{entry["key"].text(), Style::bold},
                   entry["version"].text(),
                   human_time(entry["updated_at"].text()),
                   std::string(entry["value"].raw())});
    });
    if (!next) {
        return fail(next.error());
    }
    if (table.empty()) {
        std::cerr << "no entries\n";
        return {};
    }
    std::cout << table.render();
    if (*next != "null") {
        std::cerr << "there are more: --all, or --cursor " << *next << "\n";
    }
    return {};
}

Exit list(const GlobalOptions& global, const ListOptions& options) {
    if (!options.filter.empty()) {
        if (const auto checked = checked_json("--filter", options.filter); !checked) {
            return report(checked.error());
        }
    }
    return with_client(global, [&](ApiClient& client) {
        const PagedList list = list_of(options);
        const std::int64_t limit = options.all ? 0 : options.limit;
        return global.json ? print_pages_as_json(client, list, limit)
                           : print_table(client, list, limit);
    });
}

}  // namespace

void add_list_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("list", "List the entries of a namespace");
    auto options = std::make_shared<ListOptions>();
    command->add_option("namespace", options->namespace_name, "Namespace")->required();
    command->add_option("--prefix", options->prefix, "Only keys that begin so");
    command->add_option("--order", options->order, "- before it: last first [key]")
        ->check(one_of({"key", "-key", "updated_at", "-updated_at", "created_at", "-created_at"}));
    command->add_option("--filter", options->filter, "Condition on the metadata")
        ->type_name("JSON");
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared", "both"}));
    auto* limit = command->add_option("--limit", options->limit, "At most this many [50]")
                      ->check(whole_number(1));
    command->add_flag("--all", options->all, "All of them")->excludes(limit);
    command->add_option("--cursor", options->cursor, "Go on where a list ended");
    command->add_flag("--embedding", options->with_embedding, "With embeddings (in JSON)");
    command->footer(
        "Examples:\n"
        "  pgmind list notes\n"
        "  pgmind list notes --prefix 2026- --order -updated_at --limit 5\n"
        "  pgmind list notes --all --filter '{\"lang\": \"en\"}' --json");
    run_when_parsed(line, command, options, list);
}

}  // namespace pgmind::app
