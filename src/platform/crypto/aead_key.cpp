#include "platform/crypto/aead_key.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

#include <openssl/evp.h>
#include <sodium.h>

#include "platform/crypto/initialise.hpp"

namespace pgmind::crypto {
namespace {

constexpr std::size_t kOverhead = AeadKey::nonce_bytes + AeadKey::tag_bytes;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }  // Wipes.
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text, std::size_t offset) {
    return reinterpret_cast<unsigned char*>(text.data()) + offset;
}

// OpenSSL counts in int; nothing here comes near.
int length_of(std::string_view text) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) - kOverhead) {
        throw std::length_error("too long to encrypt at once");
    }
    return static_cast<int>(text.size());
}

// What cannot fail with proper arguments, but for lack of memory.
void require(int status) {
    if (status != 1) {
        throw std::runtime_error("OpenSSL cannot do AES-256-GCM");
    }
}

Context make_context() {
    Context context(EVP_CIPHER_CTX_new());
    if (!context) {
        throw std::bad_alloc();
    }
    return context;
}

}  // namespace

void AeadKey::Release::operator()(std::uint8_t* bytes) const {
    sodium_free(bytes);  // Wipes first.
}

AeadKey::Bytes AeadKey::allocate() {
    initialise();
    Bytes bytes(static_cast<std::uint8_t*>(sodium_malloc(key_bytes)));
    if (!bytes) {
        throw std::bad_alloc();
    }
    return bytes;
}

std::string_view AeadKey::view() const {
    return {reinterpret_cast<const char*>(bytes_.get()), key_bytes};
}

Result<AeadKey> AeadKey::from_bytes(std::string_view bytes) {
    if (bytes.size() != key_bytes) {
        return fail(BaseErrc::invalid_argument, "a key of AES-256 has 32 bytes");
    }
    Bytes owned = allocate();
    std::copy(bytes.begin(), bytes.end(), owned.get());
    sodium_mprotect_readonly(owned.get());
    return AeadKey(std::move(owned));
}

AeadKey AeadKey::random() {
    Bytes owned = allocate();
    randombytes_buf(owned.get(), key_bytes);
    sodium_mprotect_readonly(owned.get());
    return AeadKey(std::move(owned));
}

std::string seal_with_nonce(const AeadKey& key, std::string_view nonce, std::string_view plaintext,
                            std::string_view associated) {
    if (nonce.size() != AeadKey::nonce_bytes) {
        throw std::logic_error("a nonce has 12 bytes");
    }
    std::string sealed(kOverhead + plaintext.size(), '\0');
    nonce.copy(sealed.data(), nonce.size());
    const Context context = make_context();
    require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes_.get(),
                               bytes_of(nonce)));
    int written = 0;
    require(EVP_EncryptUpdate(context.get(), nullptr, &written, bytes_of(associated),
                              length_of(associated)));
    require(EVP_EncryptUpdate(context.get(), bytes_of(sealed, AeadKey::nonce_bytes), &written,
                              bytes_of(plaintext), length_of(plaintext)));
    require(EVP_EncryptFinal_ex(context.get(), bytes_of(sealed, sealed.size() - AeadKey::tag_bytes),
                                &written));
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, AeadKey::tag_bytes,
                                bytes_of(sealed, sealed.size() - AeadKey::tag_bytes)));
    return sealed;
}

std::string AeadKey::seal(std::string_view plaintext, std::string_view associated) const {
    std::string nonce(nonce_bytes, '\0');
    randombytes_buf(nonce.data(), nonce.size());
    return seal_with_nonce(*this, nonce, plaintext, associated);
}

std::optional<std::string> AeadKey::open(std::string_view sealed,
                                         std::string_view associated) const {
    if (sealed.size() < kOverhead) {
        return std::nullopt;
    }
    const std::string_view nonce = sealed.substr(0, nonce_bytes);
    const std::string_view ciphertext = sealed.substr(nonce_bytes, sealed.size() - kOverhead);
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    const Context context = make_context();
    require(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_.get(),
                               bytes_of(nonce)));
    int written = 0;
    require(EVP_DecryptUpdate(context.get(), nullptr, &written, bytes_of(associated),
                              length_of(associated)));
    std::string plaintext(ciphertext.size(), '\0');
    require(EVP_DecryptUpdate(context.get(), bytes_of(plaintext, 0), &written, bytes_of(ciphertext),
                              length_of(ciphertext)));
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, bytes_of(tag, 0)));
    if (EVP_DecryptFinal_ex(context.get(), bytes_of(tag, 0), &written) != 1) {
        sodium_memzero(plaintext.data(), plaintext.size());
        return std::nullopt;
    }
    return plaintext;
}

std::string AeadKey::wrapped_by(const AeadKey& wrapping, std::string_view associated) const {
    return wrapping.seal(view(), associated);
}

std::optional<AeadKey> AeadKey::unwrap(const AeadKey& wrapping, std::string_view sealed,
                                       std::string_view associated) {
    auto bytes = wrapping.open(sealed, associated);
    if (!bytes) {
        return std::nullopt;
    }
    auto key = from_bytes(*bytes);
    sodium_memzero(bytes->data(), bytes->size());
    return key ? std::optional<AeadKey>(std::move(*key)) : std::nullopt;
}

}  // namespace pgmind::crypto
