#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/crypto/aead_key.hpp"

namespace pgmind::crypto {

/// Which keys an envelope was made with. A key-encryption key (`kek`) comes from outside the
/// database and wraps data keys; a data key (`dek`) encrypts what is stored.
///   wrapped data key: both ids        what a data key encrypts: kek 0, so that wrapping the data
///   a secret under the kek: dek 0     key anew leaves everything under it as it is
struct EnvelopeKeys {
    std::uint32_t kek = 0;
    std::uint32_t dek = 0;

    bool operator==(const EnvelopeKeys&) const = default;
};

/// Where an envelope is kept; part of what is authenticated, so an envelope that is moved to
/// another table, column, row or namespace does not open.
struct EnvelopePlace {
    std::string_view table;
    std::string_view column;
    std::string_view row;
    std::string_view namespace_name;
};

/// What an envelope begins with: version and key ids. In base64url 12 characters, none of which
/// depends on what follows.
inline constexpr std::size_t kEnvelopeHeaderBytes = 9;
std::string envelope_header(EnvelopeKeys keys);
/// internal unless these are the bytes of a header.
Result<EnvelopeKeys> keys_of_header(std::string_view header);

/// Bytes that an envelope has more than what is in it.
inline constexpr std::size_t kEnvelopeOverhead =
    kEnvelopeHeaderBytes + AeadKey::nonce_bytes + AeadKey::tag_bytes;

/// version (1 byte, 1) | kek (4, big-endian) | dek (4) | nonce (12) | ciphertext | tag (16).
/// Authenticated besides: version and key ids, and the place, each part with its length.
std::string seal_envelope(const AeadKey& key, EnvelopeKeys keys, std::string_view plaintext,
                          const EnvelopePlace& place);

/// The keys that an envelope names, to look for the one to open it with; internal when the bytes
/// are none of version 1.
Result<EnvelopeKeys> keys_of(std::string_view envelope);

/// What was sealed; internal (it names the place, never bytes) when the envelope was changed or
/// moved, or the key is another.
Result<std::string> open_envelope(const AeadKey& key, std::string_view envelope,
                                  const EnvelopePlace& place);

/// A key as an envelope, and back; otherwise as above.
std::string wrap_key(const AeadKey& wrapping, EnvelopeKeys keys, const AeadKey& key,
                     const EnvelopePlace& place);
Result<AeadKey> unwrap_key(const AeadKey& wrapping, std::string_view envelope,
                           const EnvelopePlace& place);

}  // namespace pgmind::crypto
