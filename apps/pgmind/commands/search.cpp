#include <iostream>

#include "client/api_error.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

struct SearchOptions {
    std::string query;
    std::vector<std::string> namespaces;
    std::string mode;
    std::string match;
    std::string scope;
    std::string filter;
    std::string embedding;
    std::string like;
    std::int64_t limit = 10;
    std::int64_t ef_search = 0;  // 0: not given
    bool explain = false;
};

// The vector to search with, as JSON: given, or that of an entry.
Result<std::string> embedding_json(ApiClient& client, const SearchOptions& options) {
    if (options.like.empty()) {
        return options.embedding.empty() ? Result<std::string>("")
                                         : checked_json("--embedding", options.embedding);
    }
    if (options.namespaces.size() != 1) {
        return fail(invalid_argument("--like", "--like needs one --namespace, where the key is"));
    }
    const auto answer =
        client.get({"namespaces", options.namespaces.front(), "entries", options.like},
                   {{"scope", options.scope}, {"with_embedding", "true"}});
    if (!answer) {
        return fail(answer.error());
    }
    const JsonNode embedding = answer->json()["embedding"];
    if (!embedding) {
        return fail(invalid_argument("--like", "--like: that entry has no embedding"));
    }
    return std::string(embedding.raw());
}

Result<std::string> body_of(ApiClient& client, const SearchOptions& options) {
    auto embedding = embedding_json(client, options);
    if (!embedding) {
        return fail(std::move(embedding.error()));
    }
    std::string body;
    json::ObjectWriter object(body);
    object.number("limit", options.limit);
    if (options.ef_search != 0) {
        object.number("ef_search", options.ef_search);
    }
    if (options.explain) {
        object.boolean("explain", true);
    }
    if (!options.namespaces.empty()) {
        object.strings("namespaces", options.namespaces);
    }
    for (const auto& [name, text] :
         {std::pair("query", &options.query), std::pair("mode", &options.mode),
          std::pair("match", &options.match), std::pair("scope", &options.scope)}) {
        if (!text->empty()) {
            object.string(name, *text);
        }
    }
    if (!embedding->empty()) {
        object.raw("embedding", *embedding);
    }
    if (!options.filter.empty()) {
        auto filter = checked_json("--filter", options.filter);
        if (!filter) {
            return fail(std::move(filter.error()));
        }
        object.raw("filter", *filter);
    }
    object.end();
    return body;
}

void print_hits(const JsonNode& result) {
    Table table({{"score", Table::Align::right}, {"namespace"}, {"key"}, {"text"}});
    for (const JsonNode& hit : result["hits"].items()) {
        const JsonNode entry = hit["entry"];
        // The words that were searched say more than a value of many members.
        const std::string text = entry["text"].text();
        table.add({fixed(hit["score"].number(), 4),
                   entry["namespace"].text(),
                   {entry["key"].text(), Style::bold},
                   text.empty() ? std::string(entry["value"].raw()) : text});
    }
    if (table.empty()) {
        std::cerr << "nothing found\n";
    } else {
        std::cout << table.render();
    }
    for (const JsonNode& note : result["notes"].items()) {
        std::cerr << "note: " << printable(note.text()) << "\n";
    }
}

void print_plans(const JsonNode& result) {
    Table table({{"shard"},
                 {"scope"},
                 {"method"},
                 {"rows visited", Table::Align::right},
                 {"selectivity", Table::Align::right},
                 {"ef_search", Table::Align::right},
                 {"ms", Table::Align::right},
                 {"why"}});
    for (const JsonNode& plan : result["plans"].items()) {
        const JsonNode selectivity = plan["selectivity"];
        const std::int64_t ef_search = plan["ef_search"].integer();
        table.add({plan["shard"].text(), plan["scope"].text(), plan["method"].text(),
                   human_count(plan["rows_visited"].integer()),
                   selectivity.raw() == "null" ? "-" : fixed(selectivity.number(), 4),
                   ef_search == 0 ? "-" : std::to_string(ef_search),
                   fixed(plan["milliseconds"].number(), 2), plan["reason"].text()});
    }
    if (!table.empty()) {
        std::cout << "\n" << table.render();
    }
}

Exit search(const GlobalOptions& global, const SearchOptions& options) {
    if (options.query.empty() && options.embedding.empty() && options.like.empty()) {
        return report(invalid_argument("query", "query, --embedding or --like must be given"));
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        auto body = body_of(client, options);
        if (!body) {
            return fail(std::move(body.error()));
        }
        const auto answer = client.call({"POST", {"search"}, {}, {}, std::move(*body)});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            print_hits(answer->json());
            print_plans(answer->json());
        }
        return {};
    });
}

}  // namespace

void add_search_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("search", "Find entries by words or meaning");
    auto options = std::make_shared<SearchOptions>();
    command->add_option("query", options->query, "Words to look for, at most 4,096 bytes");
    command->add_option("-n,--namespace", options->namespaces, "Where to look [all you may read]")
        ->take_all()
        ->allow_extra_args(false);
    command->add_option("--mode", options->mode, "[hybrid]")
        ->check(one_of({"text", "vector", "hybrid"}));
    command->add_option("--match", options->match, "[any]")
        ->check(one_of({"any", "all", "prefix", "phrase"}));
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared", "both"}));
    command->add_option("--filter", options->filter, "Condition on the metadata")
        ->type_name("JSON");
    auto* embedding =
        command->add_option("--embedding", options->embedding, "Vector to search with")
            ->type_name("JSON");
    command->add_option("--like", options->like, "Search with the embedding of this entry")
        ->type_name("KEY")
        ->excludes(embedding);
    command->add_option("--limit", options->limit, "At most this many, up to 1,000 [10]")
        ->check(whole_number(1, 1000));
    command
        ->add_option("--ef-search", options->ef_search,
                     "Candidates of the vector index: more find better, slower [100]")
        ->check(whole_number(1, 1000));
    command->add_flag("--explain", options->explain, "Say how the vectors were searched");
    command->footer(
        "Examples:\n"
        "  pgmind search 'compress files in parallel'\n"
        "  pgmind search plan -n notes --filter '{\"lang\": \"en\"}' --limit 3\n"
        "  pgmind search 'hello agents' --match phrase --json\n"
        "  pgmind search -n fashion-mnist --like train/00007 --explain");
    run_when_parsed(line, command, options, search);
}

}  // namespace pgmind::app
