#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

namespace pgmind::app {

/// What shell completion knows of an option or a positional.
struct CompletionOption {
    std::vector<std::string> names;  ///< "--namespace", "-n"; empty for a positional
    std::string description;
    bool takes_value = false;
    bool takes_file = false;
    std::vector<std::string> words;  ///< the only values, where they are known
};

struct CompletionCommand {
    std::string path;  ///< "key create"; empty for the program itself
    std::string name;
    std::string description;
    std::vector<CompletionOption> options;
    std::vector<CompletionOption> positionals;
    std::vector<std::string> children;  ///< paths
};

/// Every command of the command line, the program itself first; options of the program can stand
/// in all of them.
std::vector<CompletionCommand> command_tree(const CLI::App& app);

/// The command with that path.
const CompletionCommand& command_at(const std::vector<CompletionCommand>& tree,
                                    const std::string& path);

// What the scripts for bash and zsh have in common: patterns of `case` over PATH:WORD.

/// Every option that takes a value, in the command it belongs to (anywhere for the program's own).
std::string value_option_patterns(const std::vector<CompletionCommand>& tree);
std::string option_patterns(const CompletionCommand& command, const CompletionOption& option);
/// Every word that leads from a command to one below it.
std::string child_patterns(const std::vector<CompletionCommand>& tree);
/// "a b c".
std::string joined(const std::vector<std::string>& words);

std::string bash_completion(const std::vector<CompletionCommand>& tree);
std::string zsh_completion(const std::vector<CompletionCommand>& tree);
std::string fish_completion(const std::vector<CompletionCommand>& tree);

/// A text in single quotes for bash and zsh.
std::string shell_quoted(const std::string& text);

}  // namespace pgmind::app
