#include "input.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>

#include <unistd.h>

#include "client/api_error.hpp"
#include "client/json_node.hpp"
#include "output/text.hpp"

namespace pgmind::app {
namespace {

constexpr const char* kWordsName = "words";

}  // namespace

Result<std::string> checked_json(const std::string& option, const std::string& text) {
    const auto value = json::parse(text, kJsonLimits);
    if (!value) {
        const std::string& inner = value.error().field;
        return fail(invalid_argument(option, option + (inner.empty() ? "" : " (" + inner + ")") +
                                                 ": " + value.error().detail));
    }
    return text;
}

Result<std::string> read_standard_input(std::size_t bytes_max) {
    std::string text;
    std::array<char, 65536> part{};
    while (std::cin.read(part.data(), part.size()) || std::cin.gcount() > 0) {
        text.append(part.data(), static_cast<std::size_t>(std::cin.gcount()));
        if (text.size() > bytes_max) {
            return fail(client_error(Failure::payload_too_large,
                                     "standard input has more than " +
                                         human_bytes(static_cast<std::int64_t>(bytes_max))));
        }
    }
    return text;
}

CLI::Validator one_of(std::vector<std::string> words) {
    std::string list;
    for (const std::string& word : words) {
        list += (list.empty() ? "" : "|") + word;
    }
    return CLI::Validator(
        [words = std::move(words), list](std::string& given) {
            const bool known = std::find(words.begin(), words.end(), given) != words.end();
            return known ? std::string() : "must be one of " + list + ", not " + given;
        },
        list, kWordsName);
}

std::vector<std::string> words_of(const CLI::Option& option) {
    std::vector<std::string> words;
    std::string list;
    try {
        // CLI11 offers no way to ask without an exception, nor on a constant option.
        list = const_cast<CLI::Option&>(option).get_validator(kWordsName)->get_description();
    } catch (const CLI::OptionNotFound&) {
        return words;
    }
    std::size_t begin = 0;
    while (begin <= list.size()) {
        const std::size_t end = std::min(list.find('|', begin), list.size());
        words.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

CLI::Validator whole_number(std::int64_t minimum, std::int64_t maximum) {
    const std::string range = "must be a whole number from " + human_count(minimum) +
                              (maximum == INT64_MAX ? "" : " to " + human_count(maximum));
    return CLI::Validator(
        [minimum, maximum, range](std::string& given) {
            std::int64_t number = 0;
            const auto [end, error] =
                std::from_chars(given.data(), given.data() + given.size(), number);
            const bool whole = error == std::errc() && end == given.data() + given.size();
            return whole && minimum <= number && number <= maximum ? std::string()
                                                                   : range + ", not " + given;
        },
        "", "whole_number");
}

Result<bool> confirm(const std::string& question) {
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
        return fail(invalid_argument("--yes", "--yes is needed where nobody can be asked"));
    }
    std::cerr << printable(question) << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace pgmind::app
