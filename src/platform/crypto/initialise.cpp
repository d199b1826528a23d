#include "platform/crypto/initialise.hpp"

#include <cstdio>
#include <cstdlib>

#include <sodium.h>

namespace pgmind::crypto {

void initialise() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) {
        std::fputs("fatal: libsodium cannot be initialised\n", stderr);
        std::abort();
    }
}

}  // namespace pgmind::crypto
