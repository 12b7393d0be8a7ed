// Interpolation with AVX-512.
#include "kernels/resize_vectors.h"

namespace octavo {

const ResizeKernels resize_avx512 = resize_kernels("avx512");

}  // namespace octavo
