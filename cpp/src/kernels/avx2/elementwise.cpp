// Elementwise operators with AVX2.
#include "kernels/elementwise_vectors.h"

namespace octavo {

const ElementwiseKernels elementwise_avx2 = elementwise_kernels("avx2");

}  // namespace octavo
