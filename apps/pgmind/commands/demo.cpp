#include <filesystem>

#include "command.hpp"
#include "demo/image_demo.hpp"
#include "demo/package_demo.hpp"
#include "input.hpp"

namespace pgmind::app {
namespace {

struct PackageOptions {};

std::string this_program() {
    std::error_code problem;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", problem);
    return problem ? "pgmind" : path.string();
}

Exit packages(const GlobalOptions& global, const PackageOptions&) {
    return with_client(global, [&global](ApiClient& client) {
        ConnectionHints hints;
        hints.url = client.endpoint().url;
        hints.program = this_program();
        hints.key_file = global.key_file;
        return run_package_demo(client, hints, {});
    });
}

Exit images(const GlobalOptions& global, const ImageDemo& demo) {
    return with_client(global, [&demo](ApiClient& client) { return run_image_demo(client, demo); });
}

}  // namespace

void add_demo_command(CommandLine line) {
    CLI::App* group = line.app.add_subcommand("demo", "Load real data and search it");
    group->require_subcommand(1);
    group->footer("Examples:\n  pgmind demo packages\n  pgmind demo images");

    CLI::App* words = group->add_subcommand(
        "packages", "Descriptions of all packages that apt knows here: search by words");
    words->footer(
        "Loads nothing when they are there already; then searches, and says how to connect.\n"
        "Examples:\n  pgmind demo packages");
    run_when_parsed(line, words, std::make_shared<PackageOptions>(), packages);

    auto options = std::make_shared<ImageDemo>();
    options->data_directory = "/usr/share/datasets/fashion-mnist";
    CLI::App* pictures = group->add_subcommand(
        "images", "60,000 pictures of clothes (dataset-fashion-mnist): search by likeness");
    pictures
        ->add_option("--data", options->data_directory,
                     "Directory with the IDX files [where Debian puts them]")
        ->type_name(kFileType);
    pictures->add_option("--pictures", options->pictures, "How many to look up [4]")
        ->check(whole_number(1, 100));
    pictures->footer("Examples:\n  pgmind demo images\n  pgmind demo images --pictures 10");
    run_when_parsed(line, pictures, options, images);
}

}  // namespace pgmind::app
