#pragma once

namespace pgmind {

// Most dimensions of a stored vector: 64 KB of floats, and the limit of pgvector's type, so that
// everything one of the two can hold fits the other.
inline constexpr int dimensions_max = 16000;

}  // namespace pgmind
