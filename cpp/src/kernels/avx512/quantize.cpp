// Quantize and dequantize with AVX-512.
#include "kernels/quantize_vectors.h"

namespace octavo {

const QuantizeKernels quantize_avx512 = quantize_kernels("avx512");

}  // namespace octavo
