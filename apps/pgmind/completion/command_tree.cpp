#include "completion/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "input.hpp"

namespace pgmind::app {
namespace {

CompletionOption describe(const CLI::Option& option) {
    CompletionOption described;
    for (const std::string& name : option.get_lnames()) {
        described.names.push_back("--" + name);
    }
    for (const std::string& name : option.get_snames()) {
        described.names.push_back("-" + name);
    }
    described.description = option.get_description();
    described.takes_value = option.get_items_expected_max() > 0;
    described.takes_file = option.get_type_name().starts_with(kFileType);
    described.words = words_of(option);
    return described;
}

void add_command(const CLI::App& app, const std::string& path,
                 std::vector<CompletionCommand>& tree) {
    CompletionCommand command;
    command.path = path;
    command.name = app.get_name();
    command.description = app.get_description();
    for (const CLI::Option* option : app.get_options()) {
        CompletionOption described = describe(*option);
        (described.names.empty() ? command.positionals : command.options)
            .push_back(std::move(described));
    }
    const std::size_t place = tree.size();
    tree.push_back(std::move(command));
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        const std::string child_path = (path.empty() ? "" : path + " ") + child->get_name();
        tree[place].children.push_back(child_path);
        add_command(*child, child_path, tree);
    }
}

}  // namespace

std::vector<CompletionCommand> command_tree(const CLI::App& app) {
    std::vector<CompletionCommand> tree;
    add_command(app, "", tree);
    return tree;
}

const CompletionCommand& command_at(const std::vector<CompletionCommand>& tree,
                                    const std::string& path) {
    for (const CompletionCommand& command : tree) {
        if (command.path == path) {
            return command;
        }
    }
    return tree.front();
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string option_patterns(const CompletionCommand& command, const CompletionOption& option) {
    std::string text;
    for (const std::string& name : option.names) {
        text += text.empty() ? "" : "|";
        text += command.path.empty() ? "*:" + name : "'" + command.path + "':" + name;
    }
    return text;
}

std::string value_option_patterns(const std::vector<CompletionCommand>& tree) {
    std::string text;
    for (const CompletionCommand& command : tree) {
        for (const CompletionOption& option : command.options) {
            if (option.takes_value) {
                text += (text.empty() ? "" : "|") + option_patterns(command, option);
            }
        }
    }
    return text;
}

std::string child_patterns(const std::vector<CompletionCommand>& tree) {
    std::string text;
    for (const CompletionCommand& command : tree) {
        for (const std::string& path : command.children) {
            text += (text.empty() ? "'" : "|'") + command.path + "':" + command_at(tree, path).name;
        }
    }
    return text;
}

std::string shell_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace pgmind::app
