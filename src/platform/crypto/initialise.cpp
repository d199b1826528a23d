#include "platform/crypto/initialise.hpp"

#include <stdexcept>

#include <sodium.h>

namespace pgmind::crypto {

void initialise() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) {
        throw std::runtime_error("libsodium cannot be initialised");
    }
}

}  // namespace pgmind::crypto
