#include "platform/crypto/hmac_sha1.hpp"

#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace pgmind::crypto {

Sha1Mac hmac_sha1(std::string_view key, std::string_view message) {
    Sha1Mac mac{};
    unsigned length = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    const unsigned char* made = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), bytes,
                                     message.size(), mac.data(), &length);
    if (made == nullptr || length != mac.size()) {
        throw std::runtime_error("HMAC-SHA1 failed");  // No memory, or not built in.
    }
    return mac;
}

}  // namespace pgmind::crypto
