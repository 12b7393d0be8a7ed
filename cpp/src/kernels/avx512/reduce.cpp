// Reductions with AVX-512.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/reduce_vectors.h"

namespace octavo {

const ReduceKernels reduce_avx512 = reduce_kernels("avx512");

}  // namespace octavo
