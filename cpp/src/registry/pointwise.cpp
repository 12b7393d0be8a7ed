#include "registry/pointwise.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<PointwiseKernels> rows[] = {
    {Isa::avx512, &pointwise_avx512},
    {Isa::avx2, &pointwise_avx2},
    {Isa::scalar, &pointwise_scalar},
};

}  // namespace

const PointwiseKernels& pointwise_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
