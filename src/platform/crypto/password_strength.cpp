#include "platform/crypto/password_strength.hpp"

#include <zxcvbn.h>

namespace pgmind::crypto {

double password_strength_bits(const std::string& password) {
    const char* own_words[] = {"pgmind", "postgres", "postgresql", nullptr};
    return ZxcvbnMatch(password.c_str(), own_words, nullptr);
}

}  // namespace pgmind::crypto
