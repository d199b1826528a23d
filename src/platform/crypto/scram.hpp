#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pgmind::crypto {

inline constexpr int kScramIterations = 4'096;  ///< as PostgreSQL's own

/// What PostgreSQL keeps of a password (RFC 5802, RFC 7677):
/// "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey". The password is plain ASCII, for it is not
/// normalised here. Takes a few milliseconds.
std::string scram_verifier(std::string_view password, std::span<const std::uint8_t> salt,
                           int iterations);

/// With a random salt and kScramIterations.
std::string scram_verifier(std::string_view password);

}  // namespace pgmind::crypto
