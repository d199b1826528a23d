#include <iostream>

#include "client/api_error.hpp"
#include "command.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct TraceOptions {
    std::string request_id;
};

std::string attributes_of(const JsonNode& event) {
    std::string text;
    for (const auto& [name, value] : event["attributes"].members()) {
        text += (text.empty() ? "" : " ") + name + "=" + value.text();
    }
    return text;
}

void print_trace(const JsonNode& trace) {
    std::cout << "request " << printable(trace["request_id"].text()) << " at "
              << printable(human_time(trace["started_at"].text())) << " UTC\n\n";
    Table table({{"after", Table::Align::right}, {"context"}, {"event"}, {"attributes"}});
    for (const JsonNode& event : trace["events"].items()) {
        table.add({human_duration(event["offset_us"].integer()),
                   event["context"].text(),
                   {event["name"].text(), Style::bold},
                   attributes_of(event)});
    }
    std::cout << table.render();
    if (const std::int64_t dropped = trace["events_dropped"].integer(); dropped > 0) {
        std::cerr << human_count(dropped, "event was", "events were") << " not kept\n";
    }
}

Exit trace(const GlobalOptions& global, const TraceOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const auto answer = client.get({"traces", options.request_id}, {});
        if (!answer) {
            return fail(answer.error());
        }
        if (global.json) {
            std::cout << answer->text() << "\n";
        } else {
            print_trace(answer->json());
        }
        return {};
    });
}

}  // namespace

void add_trace_command(CommandLine line) {
    CLI::App* command =
        line.app.add_subcommand("trace", "The events of a request, with their timing");
    auto options = std::make_shared<TraceOptions>();
    command->add_option("request_id", options->request_id, "Its X-Request-Id")->required();
    command->footer(
        "The server keeps the newest 10,000 requests. --verbose shows the id of any command's.\n"
        "Examples:\n"
        "  pgmind search 'compress files' --verbose\n"
        "  pgmind trace 019b0b6e-95f2-7c5d-8a44-3f1d2c9e7a10");
    run_when_parsed(line, command, options, trace);
}

}  // namespace pgmind::app
