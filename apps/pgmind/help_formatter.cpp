#include "help_formatter.hpp"

#include "input.hpp"

namespace pgmind::app {

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
    const bool positional = option->get_lnames().empty() && option->get_snames().empty();
    if (positional || option->get_items_expected_max() == 0) {
        return "";
    }
    std::string shown;
    for (const std::string& word : words_of(*option)) {
        shown += (shown.empty() ? "" : "|") + word;
    }
    if (shown.empty()) {
        const std::string type = option->get_type_name();
        shown = type.substr(0, type.find(':'));
        shown = shown == "INT" ? "N" : shown;
    }
    return " " + shown;
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
    const std::string own = app->get_footer();
    const std::string general = app->get_parent() == nullptr
                                    ? ""
                                    : "\nEvery command also takes --json, --verbose, --url, "
                                      "--key-file: see pgmind --help.\n";
    return own.empty() ? general : own + "\n" + general;
}

}  // namespace pgmind::app
