#include <initializer_list>

#include "graph/kernels.hpp"

namespace pgmind::graph {
namespace {

const Kernels* best_kernels() {
    for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2}) {
        if (const Kernels* kernels = find_graph_kernels(set)) {
            return kernels;
        }
    }
    return &scalar_kernels;
}

// Null stands for "not asked yet"; asking twice gives the same answer.
const Kernels* active = nullptr;

#if defined(__x86_64__)

bool has_avx2() {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0;
}

bool has_avx512() {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
           __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512vnni") != 0 &&
           __builtin_cpu_supports("avx512vpopcntdq") != 0;
}

#else

bool has_avx2() {
    return false;
}

bool has_avx512() {
    return false;
}

#endif

}  // namespace

const Kernels* find_graph_kernels(InstructionSet set) {
    switch (set) {
        case InstructionSet::automatic:
            return best_kernels();
        case InstructionSet::avx512:
            return has_avx512() ? avx512_kernels() : nullptr;
        case InstructionSet::avx2:
            return has_avx2() ? avx2_kernels() : nullptr;
        default:
            return &scalar_kernels;
    }
}

const Kernels& active_kernels() {
    if (active == nullptr) {
        active = best_kernels();
    }
    return *active;
}

void use_kernels(InstructionSet set) {
    active = find_graph_kernels(set);
}

}  // namespace pgmind::graph
