// Interpolation with AVX2.
#include "kernels/resize_vectors.h"

namespace octavo {

const ResizeKernels resize_avx2 = resize_kernels("avx2");

}  // namespace octavo
