#include <algorithm>
#include <iostream>
#include <optional>

#include "client/api_error.hpp"
#include "command.hpp"
#include "input.hpp"
#include "output/output_file.hpp"
#include "output/progress_bar.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

struct ExportOptions {
    std::string namespace_name;
    std::string file;
    std::string scope;
};

ApiRequest request_of(const ExportOptions& options) {
    ApiRequest request;
    request.segments = {"export"};
    if (!options.namespace_name.empty()) {
        request.segments = {"namespaces", options.namespace_name, "export"};
    }
    request.query = {{"scope", options.scope}};
    return request;
}

Result<void> write_to(std::optional<OutputFile>& file, std::string_view part) {
    if (file) {
        return file->write(part);
    }
    std::cout.write(part.data(), static_cast<std::streamsize>(part.size()));
    if (!std::cout) {
        return fail(client_error(Failure::internal, "cannot write to standard output"));
    }
    return {};
}

Exit export_entries(const GlobalOptions& global, const ExportOptions& options) {
    return with_client(global, [&](ApiClient& client) -> Result<void> {
        std::optional<OutputFile> file;
        if (!options.file.empty() && options.file != "-") {
            auto created = OutputFile::create(options.file);
            if (!created) {
                return fail(std::move(created.error()));
            }
            file.emplace(std::move(*created));
        }
        std::int64_t entries = 0;
        // Lines on a terminal are progress enough.
        const bool visible = !file && terminal_width() > 0;
        ProgressBar progress("exporting", 0, ProgressBar::Unit::count);
        auto done = client.download(request_of(options), [&](std::string_view part) {
            entries += std::count(part.begin(), part.end(), '\n');
            if (!visible) {
                progress.update(entries);
            }
            return write_to(file, part);
        });
        if (done && file) {
            done = file->commit();
        }
        if (!done) {
            return done;
        }
        if (!visible) {
            progress.finish();
        }
        if (file) {
            std::cerr << "exported " << human_count(entries, "entry", "entries") << " to "
                      << printable(options.file) << "\n";
        }
        return {};
    });
}

}  // namespace

void add_export_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("export", "Write entries as NDJSON, one a line");
    auto options = std::make_shared<ExportOptions>();
    command->add_option("-n,--namespace", options->namespace_name,
                        "Only this one [all that you may read]");
    command->add_option("-o,--output", options->file, "File to write [standard output]")
        ->type_name(kFileType);
    command->add_option("--scope", options->scope, "[project]")
        ->check(one_of({"project", "shared", "both"}));
    command->footer(
        "Lines carry values, metadata and embeddings; pgmind import reads them back. A file\n"
        "appears only once it is whole.\n"
        "Examples:\n"
        "  pgmind export -o backup.ndjson\n"
        "  pgmind export --namespace notes | gzip > notes.ndjson.gz\n"
        "  pgmind export -n notes | jq .key");
    run_when_parsed(line, command, options, export_entries);
}

}  // namespace pgmind::app
