#include "completion/command_tree.hpp"

namespace pgmind::app {
namespace {

// 'name:description' for _describe, in which a colon ends the name.
std::string described(const std::string& name, const std::string& description) {
    std::string escaped;
    for (const char c : name) {
        escaped += c == ':' ? std::string("\\:") : std::string(1, c);
    }
    return shell_quoted(escaped + ":" + description);
}

std::string option_list(const CompletionCommand& command) {
    std::string text;
    for (const CompletionOption& option : command.options) {
        for (const std::string& name : option.names) {
            text += (text.empty() ? "" : " ") + described(name, option.description);
        }
    }
    return text;
}

std::string word_list(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + shell_quoted(word);
    }
    return text;
}

std::string complete_values(const std::vector<CompletionCommand>& tree) {
    std::string text = "    case \"$at:${words[CURRENT-1]}\" in\n";
    for (const CompletionCommand& command : tree) {
        for (const CompletionOption& option : command.options) {
            const std::string begin = "        (" + option_patterns(command, option) + ") ";
            if (!option.words.empty()) {
                text += begin + "compadd -- " + word_list(option.words) + "; return ;;\n";
            } else if (option.takes_file) {
                text += begin + "_files; return ;;\n";
            }
        }
    }
    return text + "        (" + value_option_patterns(tree) + ") return ;;\n    esac\n";
}

std::string complete_words(const std::vector<CompletionCommand>& tree) {
    std::string text = "    case \"$at\" in\n";
    for (const CompletionCommand& command : tree) {
        std::string children;
        for (const std::string& path : command.children) {
            const CompletionCommand& child = command_at(tree, path);
            children += (children.empty() ? "" : " ") + described(child.name, child.description);
        }
        std::string values;
        bool files = false;
        for (const CompletionOption& positional : command.positionals) {
            values += word_list(positional.words);
            files = files || positional.takes_file;
        }
        text += "        ('" + command.path + "')\n            commands=(" + children +
                ")\n            options+=(" +
                (command.path.empty() ? std::string() : option_list(command)) +
                ")\n            values=(" + values + ")\n            files=" + (files ? "1" : "0") +
                " ;;\n";
    }
    return text + "    esac\n";
}

}  // namespace

std::string zsh_completion(const std::vector<CompletionCommand>& tree) {
    return "#compdef pgmind\n"
           "# Completion of pgmind for zsh: source <(pgmind completion zsh), or store this as\n"
           "# _pgmind in a directory of $fpath.\n"
           "_pgmind() {\n"
           "    local at= files=0 i\n"
           "    local -a commands options values\n"
           "    options=(" +
           option_list(tree.front()) +
           ")\n"
           "    for ((i = 2; i < CURRENT; i++)); do\n"
           "        case \"$at:${words[i]}\" in\n"
           "            (" +
           value_option_patterns(tree) +
           ") ((i++)) ;;\n"
           "            (" +
           child_patterns(tree) +
           ") at=\"${at:+$at }${words[i]}\" ;;\n"
           "        esac\n"
           "    done\n" +
           complete_values(tree) + complete_words(tree) +
           "    if [[ ${words[CURRENT]} == -* ]]; then\n"
           "        _describe -o option options\n"
           "    elif (( files )); then\n"
           "        _files\n"
           "    elif (( ${#values} )); then\n"
           "        compadd -- $values\n"
           "    else\n"
           "        _describe command commands\n"
           "    fi\n"
           "}\n"
           "if [[ ${funcstack[1]} == _pgmind ]]; then\n"
           "    _pgmind \"$@\"\n"
           "else\n"
           "    compdef _pgmind pgmind\n"
           "fi\n";
}

}  // namespace pgmind::app
