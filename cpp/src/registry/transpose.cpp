#include "registry/transpose.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<TransposeKernels> rows[] = {
    {Isa::avx2, &transpose_avx2},
    {Isa::scalar, &transpose_scalar},
};

}  // namespace

const TransposeKernels& transpose_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
