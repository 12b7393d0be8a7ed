// Interpolation: weighted sums of elements, in float.
#ifndef OCTAVO_KERNELS_RESIZE_H
#define OCTAVO_KERNELS_RESIZE_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// Sums over t of weights[t] * x[places[t] + i] as y[i], i < n: the first product, then each added to it, rounded twice. At least one
// term.
template <class T>
using CombineFunction = void (*)(const T* x, const int64_t* places, const float* weights, int64_t terms, float* y,
                                 int64_t n);

struct ResizeKernels {
    const char* suffix;
    CombineFunction<float> combine_f32;
    CombineFunction<uint8_t> combine_u8;
    CombineFunction<int8_t> combine_s8;
    // Likewise sums over t of weights[t * n + i] * x[places[t * n + i]].
    void (*across)(const float* x, const int32_t* places, const float* weights, int64_t terms, float* y, int64_t n);
    // Rounded half to even, within [lo, hi].
    void (*round_u8)(const float* x, uint8_t* y, int64_t n, int32_t lo, int32_t hi);
    void (*round_s8)(const float* x, int8_t* y, int64_t n, int32_t lo, int32_t hi);
};

extern const ResizeKernels resize_scalar, resize_avx2, resize_avx512;

}  // namespace octavo

#endif
