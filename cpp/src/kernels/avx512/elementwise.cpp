// Elementwise operators with AVX-512.
#include "kernels/elementwise_vectors.h"

namespace octavo {

const ElementwiseKernels elementwise_avx512 = elementwise_kernels("avx512");

}  // namespace octavo
