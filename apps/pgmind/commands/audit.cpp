#include <iostream>

#include "client/pages.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct AuditOptions {
    std::string principal;
    std::string resource;
    std::string decision;
    std::string request_id;
    std::int64_t before = 0;
    std::int64_t limit = 50;
    bool all = false;
};

PagedList list_of(const AuditOptions& options) {
    PagedList list;
    list.segments = {"audit"};
    list.query = {{"principal", options.principal},
                  {"resource", options.resource},
                  {"decision", options.decision},
                  {"request_id", options.request_id},
                  {"before", options.before > 0 ? std::to_string(options.before) : ""}};
    list.items = "records";
    list.cursor_parameter = "before";
    list.next = "next_before";
    return list;
}

std::string resource_of(const JsonNode& record) {
    const std::string name = record["resource"].text();
    const std::string type = record["resource_type"].text();
    return name.empty() ? type : type + " " + name;
}

Result<void> print_table(ApiClient& client, const PagedList& list, std::int64_t limit) {
    Table table({{"time (UTC)"},
                 {"principal"},
                 {"action"},
                 {"resource"},
                 {"decision"},
                 {"outcome"},
                 {"reason"},
                 {"from"},
                 {"request"}});
    const auto next = read_pages(client, list, limit, [&table](const JsonNode& record) {
        const std::string decision = record["decision"].text();
        const std::string name = record["principal_name"].text();
        table.add({human_time(record["occurred_at"].text()),
                   name.empty() ? "-" : name,
                   record["action"].text(),
                   resource_of(record),
                   {decision, decision == "deny" ? Style::bad : Style::plain},
                   record["outcome"].text(),
                   record["reason"].text(),
                   record["protocol"].text() + " " + record["remote_address"].text(),
                   {record["request_id"].text(), Style::dim}});
    });
    if (!next) {
        return fail(next.error());
    }
    if (table.empty()) {
        std::cerr << "no records\n";
        return {};
    }
    std::cout << table.render();
    if (*next != "null") {
        std::cerr << "there are older ones: --all, or --before " << *next << "\n";
    }
    return {};
}

Exit list(const GlobalOptions& global, const AuditOptions& options) {
    return with_client(global, [&](ApiClient& client) {
        const PagedList records = list_of(options);
        const std::int64_t limit = options.all ? 0 : options.limit;
        return global.json ? print_pages_as_json(client, records, limit)
                           : print_table(client, records, limit);
    });
}

}  // namespace

CLI::App* audit_group(const CommandLine& line) {
    const auto found = line.app.get_subcommands(
        [](const CLI::App* command) { return command->get_name() == "audit"; });
    CLI::App* group = found.empty() ? nullptr : found.front();
    if (group == nullptr) {
        group = line.app.add_subcommand("audit", "Who did what, and was it allowed");
        group->require_subcommand(1);
        group->footer("Examples:\n  pgmind audit list --decision deny\n  pgmind audit verify");
    }
    return group;
}

void add_audit_command(CommandLine line) {
    CLI::App* group = audit_group(line);
    auto options = std::make_shared<AuditOptions>();
    CLI::App* listing = group->add_subcommand("list", "Records, newest first");
    listing->add_option("--principal", options->principal, "Only of this principal");
    listing->add_option("--resource", options->resource, "Only of this resource (a namespace)");
    listing->add_option("--decision", options->decision, "Only these")
        ->check(one_of({"allow", "deny"}));
    listing->add_option("--request-id", options->request_id, "Only of this request");
    auto* limit = listing->add_option("--limit", options->limit, "At most this many [50]")
                      ->check(whole_number(1));
    listing->add_flag("--all", options->all, "All of them")->excludes(limit);
    listing->add_option("--before", options->before, "Only records before this sequence number")
        ->check(whole_number(1));
    listing->footer(
        "Examples:\n"
        "  pgmind audit list --limit 20\n"
        "  pgmind audit list --principal my-agent --decision deny\n"
        "  pgmind audit list --all --json > audit.json");
    run_when_parsed(line, listing, options, list);
}

}  // namespace pgmind::app
