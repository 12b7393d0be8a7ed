// Reductions, the definition.
#include "kernels/vectors_one.h"
// What is written in terms of it.
#include "kernels/reduce_vectors.h"

namespace octavo {

const ReduceKernels reduce_scalar = reduce_kernels("scalar");

}  // namespace octavo
