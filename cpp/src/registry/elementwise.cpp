#include "registry/elementwise.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<ElementwiseKernels> rows[] = {
    {Isa::avx512, &elementwise_avx512},
    {Isa::avx2, &elementwise_avx2},
    {Isa::scalar, &elementwise_scalar},
};

}  // namespace

const ElementwiseKernels& elementwise_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
