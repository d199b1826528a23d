#pragma once

#include "kernels/kernels.hpp"

namespace pgmind {

// The kernels that ruvector.simd selects. Never null once the library is loaded; changes only
// between statements, in this backend.
extern const Kernels* active_kernels;

// Defines ruvector.simd; called once, when the library is loaded.
void define_simd_setting();

}  // namespace pgmind
