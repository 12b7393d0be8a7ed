// Rows brought to a common mean and size, the definition.
#include "kernels/vectors_one.h"
// What is written in terms of it.
#include "kernels/norm_vectors.h"

namespace octavo {

const NormKernels norm_scalar = norm_kernels("scalar");

}  // namespace octavo
