// The setting ruvector.simd and the function that tells what it led to.

#include "simd.hpp"

#include "graph/kernels.hpp"
#include "postgres.hpp"

namespace pgmind {

const Kernels* active_kernels = find_kernels(InstructionSet::automatic);

namespace {

int simd_setting = static_cast<int>(InstructionSet::automatic);

const config_enum_entry simd_options[] = {
    {"auto", static_cast<int>(InstructionSet::automatic), false},
    {"scalar", static_cast<int>(InstructionSet::scalar), false},
    {"sse2", static_cast<int>(InstructionSet::sse2), false},
    {"avx2", static_cast<int>(InstructionSet::avx2), false},
    {"avx512", static_cast<int>(InstructionSet::avx512), false},
    {nullptr, 0, false},
};

bool check_simd(int* value, void**, GucSource) {
    if (find_kernels(static_cast<InstructionSet>(*value)) != nullptr) {
        return true;
    }
    GUC_check_errcode(ERRCODE_FEATURE_NOT_SUPPORTED);
    GUC_check_errdetail("This processor does not support the instruction set.");
    GUC_check_errhint("\"auto\" chooses the best one, here \"%s\".",
                      find_kernels(InstructionSet::automatic)->name);
    return false;
}

void assign_simd(int value, void*) {
    const auto set = static_cast<InstructionSet>(value);
    active_kernels = find_kernels(set);
    // The index's kernels give the same bits in every set, so this may change under an index. A
    // processor may have AVX-512 without the parts of it that they need.
    const bool has_set = graph::find_graph_kernels(set) != nullptr;
    graph::use_kernels(has_set ? set : InstructionSet::avx2);
}

}  // namespace

void define_simd_setting() {
    DefineCustomEnumVariable("ruvector.simd",
                             "Instruction set of the distance functions of ruvector.",
                             "\"auto\" chooses the best one that the processor supports.",
                             &simd_setting, static_cast<int>(InstructionSet::automatic),
                             simd_options, PGC_USERSET, 0, check_simd, assign_simd, nullptr);
}

PGMIND_FUNCTION(ruvector_simd) {
    PG_RETURN_TEXT_P(cstring_to_text(active_kernels->name));
}

}  // namespace pgmind
