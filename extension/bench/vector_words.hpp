#pragma once

#include <cctype>
#include <string>
#include <unordered_map>

// The words of a text, for the benchmarks that make vectors of texts.
namespace bench {

/// How often each word occurs: runs of ASCII letters and digits, in lower case.
using Words = std::unordered_map<std::string, int>;

inline Words words_of(const std::string& line) {
    Words words;
    std::string word;
    for (const char c : line + " ") {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            ++words[word];
            word.clear();
        }
    }
    return words;
}

}  // namespace bench
