// Softmax, the definition.
#include "kernels/vectors_one.h"
// What is written in terms of it.
#include "kernels/softmax_vectors.h"

namespace octavo {

const SoftmaxKernels softmax_scalar = softmax_kernels("scalar");

}  // namespace octavo
