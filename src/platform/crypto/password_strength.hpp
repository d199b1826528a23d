#pragma once

#include <string>

namespace pgmind::crypto {

/// Bits of guessing that the password resists, as zxcvbn estimates them (Wheeler, USENIX Security
/// 2016): common passwords, words, names, dates, keyboard rows, repetitions and their usual
/// disguises count for little. Below a millisecond for 1,024 bytes; thread-safe. The part behind a
/// NUL is not looked at.
double password_strength_bits(const std::string& password);

}  // namespace pgmind::crypto
