#include "platform/crypto/envelope.hpp"

namespace pgmind::crypto {
namespace {

constexpr char kVersion = 1;

void append_number(std::string& bytes, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<char>(number >> shift));
    }
}

std::uint32_t number_at(std::string_view bytes, std::size_t offset) {
    std::uint32_t number = 0;
    for (const char c : bytes.substr(offset, 4)) {
        number = number << 8 | static_cast<std::uint8_t>(c);
    }
    return number;
}

// Lengths keep two places from having the same bytes.
std::string associated_with(std::string_view header, const EnvelopePlace& place) {
    std::string bytes(header);
    for (const std::string_view part :
         {place.table, place.column, place.row, place.namespace_name}) {
        append_number(bytes, static_cast<std::uint32_t>(part.size()));
        bytes.append(part);
    }
    return bytes;
}

tl::unexpected<Error> does_not_open(const EnvelopePlace& place) {
    return fail(BaseErrc::internal,
                "what is stored encrypted in " + std::string(place.table) + "." +
                    std::string(place.column) +
                    " does not open: it was changed or moved, or the key is another");
}

}  // namespace

std::string envelope_header(EnvelopeKeys keys) {
    std::string header(1, kVersion);
    append_number(header, keys.kek);
    append_number(header, keys.dek);
    return header;
}

Result<EnvelopeKeys> keys_of_header(std::string_view header) {
    if (header.size() != kEnvelopeHeaderBytes || header[0] != kVersion) {
        return fail(BaseErrc::internal, "not an envelope of a version known here");
    }
    return EnvelopeKeys{number_at(header, 1), number_at(header, 5)};
}

std::string seal_envelope(const AeadKey& key, EnvelopeKeys keys, std::string_view plaintext,
                          const EnvelopePlace& place) {
    std::string envelope = envelope_header(keys);
    envelope += key.seal(plaintext, associated_with(envelope, place));
    return envelope;
}

Result<EnvelopeKeys> keys_of(std::string_view envelope) {
    if (envelope.size() < kEnvelopeOverhead) {
        return fail(BaseErrc::internal, "too short for an envelope");
    }
    return keys_of_header(envelope.substr(0, kEnvelopeHeaderBytes));
}

Result<std::string> open_envelope(const AeadKey& key, std::string_view envelope,
                                  const EnvelopePlace& place) {
    if (const auto keys = keys_of(envelope); !keys) {
        return fail(keys.error());
    }
    const std::string associated = associated_with(envelope.substr(0, kEnvelopeHeaderBytes), place);
    auto plaintext = key.open(envelope.substr(kEnvelopeHeaderBytes), associated);
    if (!plaintext) {
        return does_not_open(place);
    }
    return std::move(*plaintext);
}

std::string wrap_key(const AeadKey& wrapping, EnvelopeKeys keys, const AeadKey& key,
                     const EnvelopePlace& place) {
    std::string envelope = envelope_header(keys);
    envelope += key.wrapped_by(wrapping, associated_with(envelope, place));
    return envelope;
}

Result<AeadKey> unwrap_key(const AeadKey& wrapping, std::string_view envelope,
                           const EnvelopePlace& place) {
    if (const auto keys = keys_of(envelope); !keys) {
        return fail(keys.error());
    }
    const std::string associated = associated_with(envelope.substr(0, kEnvelopeHeaderBytes), place);
    auto key = AeadKey::unwrap(wrapping, envelope.substr(kEnvelopeHeaderBytes), associated);
    if (!key) {
        return does_not_open(place);
    }
    return std::move(*key);
}

}  // namespace pgmind::crypto
