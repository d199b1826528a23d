#include "platform/crypto/password_hash.hpp"

#include <array>
#include <cerrno>
#include <charconv>

#include <sodium.h>

#include "platform/crypto/initialise.hpp"

namespace pgmind::crypto {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$m=";

tl::unexpected<Error> not_ours() {
    return fail(BaseErrc::internal, "a stored password hash is not Argon2id within its limits");
}

// Reads a number and the text that must follow it; false when either is not there.
bool take(std::string_view& text, std::uint32_t& number, std::string_view then) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) {
        return false;
    }
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (!text.starts_with(then)) {
        return false;
    }
    text.remove_prefix(then.size());
    return true;
}

}  // namespace

Result<PasswordCost> cost_of(std::string_view phc) {
    if (phc.size() >= crypto_pwhash_STRBYTES || !phc.starts_with(kPrefix)) {
        return not_ours();
    }
    phc.remove_prefix(kPrefix.size());
    PasswordCost cost;
    const bool read = take(phc, cost.memory_kib, ",t=") && take(phc, cost.passes, ",p=1$");
    if (!read || cost.memory_kib > kPasswordMemoryKibMax || cost.passes > kPasswordPassesMax ||
        cost.memory_kib < 8 || cost.passes < 1) {
        return not_ours();
    }
    return cost;
}

Result<std::string> hash_password(std::string_view password, PasswordCost cost) {
    initialise();
    std::array<char, crypto_pwhash_STRBYTES> text{};
    const int status =
        crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost.passes,
                              std::size_t{cost.memory_kib} * 1'024, crypto_pwhash_ALG_ARGON2ID13);
    if (status != 0) {
        return fail(BaseErrc::unavailable, "there is no memory to hash a password");
    }
    return std::string(text.data());
}

Result<bool> verify_password(std::string_view phc, std::string_view password) {
    initialise();
    const auto cost = cost_of(phc);
    if (!cost) {
        return fail(cost.error());
    }
    const std::string terminated(phc);
    errno = 0;
    const int status =
        crypto_pwhash_str_verify(terminated.c_str(), password.data(), password.size());
    if (status != 0 && errno == ENOMEM) {
        return fail(BaseErrc::unavailable, "there is no memory to check a password");
    }
    return status == 0;
}

}  // namespace pgmind::crypto
