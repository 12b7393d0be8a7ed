// Quantize and dequantize with AVX2.
#include "kernels/quantize_vectors.h"

namespace octavo {

const QuantizeKernels quantize_avx2 = quantize_kernels("avx2");

}  // namespace octavo
