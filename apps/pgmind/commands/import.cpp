#include <iostream>

#include "client/ndjson_input.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/progress_bar.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct ImportOptions {
    std::string file;
    std::string namespace_name;
    std::string into;
    std::string scope;
};

ApiRequest request_of(const ImportOptions& options, bool gzip) {
    ApiRequest request;
    request.segments = {"import"};
    const std::string& target = options.into.empty() ? options.namespace_name : options.into;
    if (!target.empty()) {
        request.segments = {"namespaces", target, "import"};
    }
    request.query = {{"scope", options.scope}, {"rename", options.into.empty() ? "" : "true"}};
    if (gzip) {
        request.headers = {{"Content-Encoding", "gzip"}};
    }
    return request;
}

void print_result(const JsonNode& result, std::int64_t microseconds) {
    std::cout << "imported " << human_count(result["stored"].integer(), "entry", "entries");
    if (const std::int64_t expired = result["skipped_expired"].integer(); expired > 0) {
        std::cout << ", left out " << human_count(expired) << " that had expired";
    }
    std::cout << " in " << human_duration(microseconds) << "\n";
}

Exit import_entries(const GlobalOptions& global, const ImportOptions& options) {
    auto input = NdjsonInput::open(options.file);
    if (!input) {
        return report(input.error());
    }
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        const SteadyTime begin = std::chrono::steady_clock::now();
        ProgressBar progress("importing", input->total_bytes(), ProgressBar::Unit::bytes);
        const auto answer = client.upload(request_of(options, input->is_gzip()), [&] {
            auto part = input->next();
            progress.update(input->bytes_read());
            return part;
        });
        if (!answer) {
            return fail(answer.error());
        }
        progress.finish();
        if (global.json) {
            std::cout << answer->text() << "\n";
            return {};
        }
        const auto took = std::chrono::steady_clock::now() - begin;
        print_result(answer->json(),
                     std::chrono::duration_cast<std::chrono::microseconds>(took).count());
        return {};
    });
}

}  // namespace

void add_import_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("import", "Store many entries from NDJSON");
    auto options = std::make_shared<ImportOptions>();
    command
        ->add_option("file", options->file,
                     "One entry a line, plain or compressed by gzip; - reads standard input")
        ->required()
        ->type_name(kFileType);
    auto* expected = command->add_option("-n,--namespace", options->namespace_name,
                                         "The one that all lines are for; a line that names "
                                         "another is refused [each names its own]");
    command
        ->add_option("--into", options->into,
                     "Store all lines in this namespace, whichever they name: copies a namespace")
        ->excludes(expected);
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared"}));
    command->footer(
        "A line is an object with key, value and, if it names its own, namespace; and as wanted\n"
        "text, metadata, embedding and ttl_seconds. What pgmind export writes can be read back.\n"
        "Examples:\n"
        "  pgmind import notes.ndjson --namespace notes\n"
        "  pgmind import backup.ndjson.gz\n"
        "  pgmind export -n notes | pgmind import - --into notes-copy\n"
        "  echo '{\"key\": \"a\", \"value\": 1}' | pgmind import - -n numbers");
    run_when_parsed(line, command, options, import_entries);
}

}  // namespace pgmind::app
