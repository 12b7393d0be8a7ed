// Pooling with AVX2.
#include "kernels/pool_vectors.h"

namespace octavo {

const PoolKernels pool_avx2 = pool_kernels("avx2");

}  // namespace octavo
