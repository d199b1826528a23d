#include "security/domain/password_rules.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/text.hpp"

namespace pgmind::security {
namespace {

constexpr std::size_t kDifferentMin = 4;

// True when the text is the word, any number of times, whole or cut off.
bool repeats(std::string_view word, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (word.empty() || text[i] != word[i % word.size()]) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<void> validate_password(std::string_view principal_name, std::string_view password) {
    if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax) {
        return fail(invalid_argument("password", "a password has 12 to 1,024 bytes"));
    }
    const bool controls = std::any_of(password.begin(), password.end(), [](char c) {
        return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f;
    });
    if (controls || !is_utf8(password)) {
        return fail(invalid_argument("password", "a password is UTF-8 without control characters"));
    }
    const std::set<char> different(password.begin(), password.end());
    if (different.size() < kDifferentMin || repeats(principal_name, password)) {
        return fail(
            invalid_argument("password",
                             "this password is the name again, or has fewer than four different "
                             "characters"));
    }
    return {};
}

}  // namespace pgmind::security
