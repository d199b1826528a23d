#include "completion/command_tree.hpp"

namespace pgmind::app {
namespace {

std::string fish_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted + "'";
}

// -l name -s n ...
std::string names_of(const CompletionOption& option) {
    std::string text;
    for (const std::string& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    return text;
}

std::string complete_option(const CompletionOption& option, const std::string& condition) {
    std::string line = "complete -c pgmind" + condition + names_of(option);
    if (!option.words.empty()) {
        line += " -x -a " + fish_quoted(joined(option.words));
    } else if (option.takes_file) {
        line += " -r -F";
    } else if (option.takes_value) {
        line += " -x";
    }
    return line + " -d " + fish_quoted(option.description) + "\n";
}

// Walks the words before the cursor to the command that they name, as the other shells do.
std::string find_command(const std::vector<CompletionCommand>& tree) {
    std::string values;
    std::string commands;
    for (const CompletionCommand& command : tree) {
        for (const CompletionOption& option : command.options) {
            for (const std::string& name : option.names) {
                if (option.takes_value) {
                    values += " " + fish_quoted(command.path.empty() ? "*:" + name
                                                                     : command.path + ":" + name);
                }
            }
        }
        for (const std::string& path : command.children) {
            commands += " " + fish_quoted(command.path + ":" + command_at(tree, path).name);
        }
    }
    return "            switch \"$at:$word\"\n"
           "                case" +
           values +
           "\n                    set skip 1\n"
           "                case" +
           commands +
           "\n                    set at (string trim -- \"$at $word\")\n"
           "            end\n";
}

}  // namespace

std::string fish_completion(const std::vector<CompletionCommand>& tree) {
    std::string text =
        "# Completion of pgmind for fish: pgmind completion fish | source\n"
        "function __pgmind_at\n"
        "    set -l at ''\n"
        "    set -l skip 0\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        if test $skip = 1\n"
        "            set skip 0\n"
        "        else\n" +
        find_command(tree) +
        "        end\n"
        "    end\n"
        "    test \"$at\" = \"$argv[1]\"\n"
        "end\n"
        "complete -c pgmind -f\n";
    for (const CompletionCommand& command : tree) {
        const std::string condition =
            " -n " + fish_quoted("__pgmind_at " + fish_quoted(command.path));
        for (const std::string& path : command.children) {
            const CompletionCommand& child = command_at(tree, path);
            text += "complete -c pgmind" + condition + " -a " + fish_quoted(child.name) + " -d " +
                    fish_quoted(child.description) + "\n";
        }
        for (const CompletionOption& positional : command.positionals) {
            if (!positional.words.empty()) {
                text += "complete -c pgmind" + condition + " -a " +
                        fish_quoted(joined(positional.words)) + "\n";
            } else if (positional.takes_file) {
                text += "complete -c pgmind" + condition + " -F\n";
            }
        }
        for (const CompletionOption& option : command.options) {
            text += complete_option(option, command.path.empty() ? "" : condition);
        }
    }
    return text;
}

}  // namespace pgmind::app
