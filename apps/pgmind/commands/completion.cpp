#include <iostream>

#include "command.hpp"
#include "completion/command_tree.hpp"
#include "input.hpp"

namespace pgmind::app {
namespace {

struct CompletionOptions {
    std::string shell;
};

}  // namespace

void add_completion_command(CommandLine line) {
    CLI::App* command = line.app.add_subcommand("completion", "Completion of commands in a shell");
    auto options = std::make_shared<CompletionOptions>();
    CLI::Option* shell = command->add_option("shell", options->shell, "bash, zsh or fish");
    shell->required()->check(one_of({"bash", "zsh", "fish"}));
    command->footer(
        "Examples:\n"
        "  source <(pgmind completion bash)          # in ~/.bashrc\n"
        "  source <(pgmind completion zsh)           # in ~/.zshrc, after compinit\n"
        "  pgmind completion fish | source           # in ~/.config/fish/config.fish");
    const CLI::App& app = line.app;
    run_when_parsed(line, command, options,
                    [&app](const GlobalOptions&, const CompletionOptions& chosen) {
                        const auto tree = command_tree(app);
                        std::cout << (chosen.shell == "bash"  ? bash_completion(tree)
                                      : chosen.shell == "zsh" ? zsh_completion(tree)
                                                              : fish_completion(tree));
                        return Exit::success;
                    });
}

}  // namespace pgmind::app
