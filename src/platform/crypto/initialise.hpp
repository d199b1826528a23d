#pragma once

namespace pgmind::crypto {

/// Prepares libsodium (CPU features, the random generator). Called by everything here that needs
/// it; thread-safe and cheap after the first time. Throws when the machine has no usable random
/// generator: nothing secret can be made then.
void initialise();

}  // namespace pgmind::crypto
