#include "integration/adapters/rest/conditional.hpp"

#include <charconv>

namespace pgmind::integration::rest {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

std::string entity_tag(const memory::Entry& entry) {
    return '"' + std::to_string(entry.version) + '-' + entry.entry_id + '"';
}

Result<VersionCondition> parse_if_match(std::string_view text) {
    text = trimmed(text);
    if (text == "*") {
        return VersionCondition{true, 0};
    }
    const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
    const std::string_view tag = quoted ? text.substr(1, text.size() - 2) : std::string_view();
    const std::string_view digits = tag.substr(0, tag.find('-'));
    VersionCondition condition;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), condition.version);
    // Zeros before it would make two texts of one tag, and tags are compared as texts.
    if (error != std::errc() || end != digits.data() + digits.size() || condition.version < 1 ||
        digits.front() == '0') {
        return fail(invalid_argument(
            "If-Match", "must be * or one strong entity tag of this entry, such as \"7\""));
    }
    return condition;
}

bool none_match_holds(std::string_view text, std::string_view tag) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view candidate = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (candidate == "*") {
            return true;
        }
        if (candidate.starts_with("W/")) {
            candidate.remove_prefix(2);
        }
        if (candidate == tag) {
            return true;
        }
    }
    return false;
}

}  // namespace pgmind::integration::rest
