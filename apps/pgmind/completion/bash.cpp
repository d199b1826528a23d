#include "completion/command_tree.hpp"

namespace pgmind::app {
namespace {

std::string option_names(const CompletionCommand& command) {
    std::string text;
    for (const CompletionOption& option : command.options) {
        text += (text.empty() ? "" : " ") + joined(option.names);
    }
    return text;
}

std::string child_names(const std::vector<CompletionCommand>& tree,
                        const CompletionCommand& command) {
    std::string text;
    for (const std::string& path : command.children) {
        text += (text.empty() ? "" : " ") + command_at(tree, path).name;
    }
    return text;
}

std::string complete_values(const std::vector<CompletionCommand>& tree) {
    std::string text = "    case \"$at:$prev\" in\n";
    for (const CompletionCommand& command : tree) {
        for (const CompletionOption& option : command.options) {
            const std::string begin = "        " + option_patterns(command, option);
            if (!option.words.empty()) {
                text += begin + ") COMPREPLY=($(compgen -W '" + joined(option.words) +
                        "' -- \"$cur\")); return ;;\n";
            } else if (option.takes_file) {
                text += begin + ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n";
            }
        }
    }
    return text + "        " + value_option_patterns(tree) + ") return ;;\n    esac\n";
}

std::string complete_words(const std::vector<CompletionCommand>& tree) {
    std::string text = "    case \"$at\" in\n";
    for (const CompletionCommand& command : tree) {
        std::string words = child_names(tree, command);
        bool files = false;
        for (const CompletionOption& positional : command.positionals) {
            words += (words.empty() ? "" : " ") + joined(positional.words);
            files = files || positional.takes_file;
        }
        text += "        '" + command.path + "')\n            options='" + option_names(command) +
                "'\n            words='" + words + "'\n            files=" + (files ? "-f" : "") +
                " ;;\n";
    }
    return text + "    esac\n";
}

}  // namespace

std::string bash_completion(const std::vector<CompletionCommand>& tree) {
    return "# Completion of pgmind for bash: source <(pgmind completion bash)\n"
           "_pgmind() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    local at= options= words= files= i\n"
           "    COMPREPLY=()\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        case \"$at:${COMP_WORDS[i]}\" in\n"
           "            " +
           value_option_patterns(tree) +
           ") ((i++)) ;;\n"
           "            " +
           child_patterns(tree) +
           ") at=\"${at:+$at }${COMP_WORDS[i]}\" ;;\n"
           "        esac\n"
           "    done\n" +
           complete_values(tree) + complete_words(tree) +
           "    if [[ $cur == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options " +
           option_names(tree.front()) +
           "\" -- \"$cur\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen $files -W \"$words\" -- \"$cur\"))\n"
           "    fi\n"
           "}\n"
           "complete -F _pgmind pgmind\n";
}

}  // namespace pgmind::app
