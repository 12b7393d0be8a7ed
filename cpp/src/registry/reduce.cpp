#include "registry/reduce.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<ReduceKernels> rows[] = {
    {Isa::avx512, &reduce_avx512},
    {Isa::avx2, &reduce_avx2},
    {Isa::scalar, &reduce_scalar},
};

}  // namespace

const ReduceKernels& reduce_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
