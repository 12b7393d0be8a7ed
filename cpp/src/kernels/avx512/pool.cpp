// Pooling with AVX-512.
#include "kernels/pool_vectors.h"

namespace octavo {

const PoolKernels pool_avx512 = pool_kernels("avx512");

}  // namespace octavo
