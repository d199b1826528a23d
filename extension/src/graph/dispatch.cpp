#include "graph/kernels.hpp"

namespace pgmind::graph {
namespace {

const Kernels* active = &scalar_kernels;

}  // namespace

const Kernels* find_graph_kernels(InstructionSet) {
    return &scalar_kernels;
}

const Kernels& active_kernels() {
    return *active;
}

void use_kernels(InstructionSet set) {
    active = find_graph_kernels(set);
}

}  // namespace pgmind::graph
