// Reductions with AVX2.
#include "kernels/vectors.h"
// What is written in terms of it.
#include "kernels/reduce_vectors.h"

namespace octavo {

const ReduceKernels reduce_avx2 = reduce_kernels("avx2");

}  // namespace octavo
