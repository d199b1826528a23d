#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgmind::crypto {

/// What one Argon2id hash costs; one lane always.
struct PasswordCost {
    std::uint32_t memory_kib = 19'456;
    std::uint32_t passes = 2;
};

// A stored hash may not ask for more than this: whoever can write the table could otherwise make
// the gateway run out of memory or time.
inline constexpr std::uint32_t kPasswordMemoryKibMax = 65'536;
inline constexpr std::uint32_t kPasswordPassesMax = 10;

// Each takes tens of milliseconds of processor time and `memory_kib` of memory: never on an event
// loop. Thread-safe.

/// Argon2id (RFC 9106) with a random salt, in PHC form. Fails with unavailable when there is no
/// memory for it.
Result<std::string> hash_password(std::string_view password, PasswordCost cost);

/// Whether the password is the one of the hash; takes the same time for every wrong one. Fails with
/// internal when the hash has another form or asks for too much, unavailable without memory.
Result<bool> verify_password(std::string_view phc, std::string_view password);

/// The cost that a hash was made with; internal when it is none of ours. Cheap.
Result<PasswordCost> cost_of(std::string_view phc);

}  // namespace pgmind::crypto
