#include <iostream>

#include "command.hpp"
#include "platform/json/writer.hpp"

namespace pgmind::app {
namespace {

// {"valid": ..., "problems": [...]}, so that a script can tell what is wrong where.
void print_problems(const std::vector<config::Problem>& problems) {
    std::string out;
    json::ObjectWriter object(out);
    object.boolean("valid", problems.empty()).name("problems");
    json::append_array(out, problems, [&out](const config::Problem& problem) {
        json::ObjectWriter(out)
            .string("where", problem.where)
            .string("message", problem.message)
            .end();
    });
    object.end();
    std::cout << out << "\n";
}

Exit check(const GlobalOptions& options) {
    const config::Outcome outcome = load_configuration(options, {});
    if (options.json) {
        print_problems(outcome.problems);
        return outcome.problems.empty() ? Exit::success : Exit::usage;
    }
    if (report_problems(outcome.problems)) {
        return Exit::usage;
    }
    std::cout << "configuration is good\n";
    return Exit::success;
}

void append_value(json::ObjectWriter& object, const config::Configuration::Shown& shown) {
    switch (shown.type) {
        case config::Type::text:
            object.string("value", shown.value.text);
            return;
        case config::Type::integer:
            object.number("value", shown.value.number);
            return;
        case config::Type::boolean:
            object.boolean("value", shown.value.flag);
            return;
        case config::Type::text_list:
            object.strings("value", shown.value.list);
            return;
    }
}

// {"http.port": {"value": 7432, "origin": "default"}, ...}
void print_settings(const config::Configuration& configuration) {
    std::string out;
    json::ObjectWriter all(out);
    for (const config::Configuration::Shown& shown : configuration.shown()) {
        all.name(shown.key);
        json::ObjectWriter setting(out);
        append_value(setting, shown);
        setting.string("origin", shown.origin);
        setting.end();
    }
    all.end();
    std::cout << out << "\n";
}

Exit show(const GlobalOptions& options) {
    const config::Outcome outcome = load_configuration(options, {});
    if (report_problems(outcome.problems)) {
        return Exit::usage;
    }
    if (options.json) {
        print_settings(outcome.configuration);
    } else {
        std::cout << outcome.configuration.render();
    }
    return Exit::success;
}

}  // namespace

void add_config_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("config", "Check or show the configuration");
    command->require_subcommand(1);
    command->footer(
        "Examples:\n  pgmind config check\n  pgmind config show\n"
        "  PGMIND_HTTP_PORT=8080 pgmind config show --set log.level=debug");
    auto& run = line.run;
    const GlobalOptions& options = line.options;
    command->add_subcommand("check", "Name every unknown key and bad value")
        ->callback([&run, &options] { run = [&options] { return check(options); }; });
    command->add_subcommand("show", "Print the effective settings, secrets masked")
        ->callback([&run, &options] { run = [&options] { return show(options); }; });
}

}  // namespace pgmind::app
