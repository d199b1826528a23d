#include <initializer_list>

#include "kernels/kernels.hpp"

namespace pgmind {
namespace {

// What the processor and the operating system both support (the compiler's runtime also asks
// whether the wide registers are saved on a context switch).
bool is_supported(InstructionSet set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (set) {
        case InstructionSet::avx512:
            return __builtin_cpu_supports("avx512f") != 0;
        case InstructionSet::avx2:
            return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
        default:
            return true;
    }
#else
    return set == InstructionSet::scalar;
#endif
}

const Kernels* built_kernels(InstructionSet set) {
    switch (set) {
        case InstructionSet::avx512:
            return avx512_kernels();
        case InstructionSet::avx2:
            return avx2_kernels();
        case InstructionSet::sse2:
            return sse2_kernels();
        default:
            return &scalar_kernels;
    }
}

}  // namespace

const Kernels* find_kernels(InstructionSet set) {
    if (set != InstructionSet::automatic) {
        return is_supported(set) ? built_kernels(set) : nullptr;
    }
    for (InstructionSet candidate :
         {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::sse2}) {
        if (const Kernels* kernels = find_kernels(candidate)) {
            return kernels;
        }
    }
    return &scalar_kernels;
}

}  // namespace pgmind
