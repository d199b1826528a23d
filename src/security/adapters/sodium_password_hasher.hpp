#pragma once

#include <memory>

#include "platform/crypto/password_hash.hpp"
#include "security/app/login_ports.hpp"

namespace pgmind::security {

struct HashingLimits {
    /// Threads that hash, and as many calls again that may wait. Zero: one fewer than the machine
    /// has processors, at least one. Each needs the cost's memory while it runs.
    std::size_t threads = 0;
    crypto::PasswordCost cost;
    /// A login that waited longer for a thread is not hashed any more.
    std::chrono::milliseconds wait_max{2'000};
};

/// PasswordHasher with Argon2id of libsodium. Destroyed after the loops that use it have stopped.
/// Fails when there is no memory for one hash.
Result<std::unique_ptr<PasswordHasher>> make_password_hasher(HashingLimits limits);

}  // namespace pgmind::security
