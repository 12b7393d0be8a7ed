// Softmax with AVX2.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/softmax_vectors.h"

namespace octavo {

const SoftmaxKernels softmax_avx2 = softmax_kernels("avx2");

}  // namespace octavo
