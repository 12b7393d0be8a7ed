#include "registry/matmul.h"

#include "registry/best_row.h"

namespace octavo {
namespace {

const RegistryRow<MatMulKernels> rows[] = {
    {Isa::avx512, &matmul_avx512},
    {Isa::avx2, &matmul_avx2},
    {Isa::scalar, &matmul_scalar},
};

}  // namespace

const MatMulKernels& matmul_kernels(Isa cap) { return best_row(rows, cap); }

}  // namespace octavo
