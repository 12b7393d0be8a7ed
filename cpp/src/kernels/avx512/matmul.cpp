// Products of two matrices with AVX-512.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/matmul_vectors.h"

namespace octavo {

const MatMulKernels matmul_avx512 = matmul_kernels("avx512");

}  // namespace octavo
