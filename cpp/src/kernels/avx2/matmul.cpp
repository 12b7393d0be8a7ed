// Products of two matrices with AVX2.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/matmul_vectors.h"

namespace octavo {

const MatMulKernels matmul_avx2 = matmul_kernels("avx2");

}  // namespace octavo
