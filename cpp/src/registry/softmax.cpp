#include "registry/softmax.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<SoftmaxKernels> rows[] = {
    {Isa::avx512, &softmax_avx512},
    {Isa::avx2, &softmax_avx2},
    {Isa::scalar, &softmax_scalar},
};

}  // namespace

const SoftmaxKernels& softmax_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
