// Rows brought to a common mean and size with AVX-512.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/norm_vectors.h"

namespace octavo {

const NormKernels norm_avx512 = norm_kernels("avx512");

}  // namespace octavo
