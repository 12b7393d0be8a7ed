// Functions of floats and products of codes with AVX-512.
#include "kernels/mul_vectors.h"
#include "kernels/pointwise_vectors.h"

namespace octavo {

const PointwiseKernels pointwise_avx512 = pointwise_kernels("avx512", mul_codes<uint8_t>, mul_codes<int8_t>);

}  // namespace octavo
