#pragma once

#include <charconv>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

namespace pgmind::crypto {

/// A line of the files in testdata/: a key (or set of keys), or a token that is checked with it.
struct VectorLine {
    bool is_key = false;
    int id = 0;
    bool valid = false;
    std::string comment;
    std::string text;  ///< JSON of the key, or the token
};

inline std::vector<VectorLine> read_vectors(const char* path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    std::vector<VectorLine> lines;
    const auto take_word = [](std::string& rest) {
        const std::size_t blank = rest.find(' ');
        std::string word = rest.substr(0, blank);
        rest.erase(0, blank + 1);
        return word;
    };
    for (std::string rest; std::getline(file, rest);) {
        if (rest.starts_with('#')) {
            continue;
        }
        VectorLine line;
        const std::string first = take_word(rest);
        line.is_key = first.starts_with("key");
        if (!line.is_key) {
            const char* const end = first.data() + first.size();
            const auto [rest_of_id, problem] = std::from_chars(first.data(), end, line.id);
            EXPECT_TRUE(problem == std::errc() && rest_of_id == end) << first;
            line.valid = take_word(rest) == "valid";
            line.comment = take_word(rest);
        }
        line.text = std::move(rest);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace pgmind::crypto
