// Rows brought to a common mean and size with AVX2.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/norm_vectors.h"

namespace octavo {

const NormKernels norm_avx2 = norm_kernels("avx2");

}  // namespace octavo
