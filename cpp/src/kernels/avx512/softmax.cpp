// Softmax with AVX-512.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/softmax_vectors.h"

namespace octavo {

const SoftmaxKernels softmax_avx512 = softmax_kernels("avx512");

}  // namespace octavo
