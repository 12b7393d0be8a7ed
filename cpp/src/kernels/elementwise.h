// Element by element: add, clamp.
#ifndef OCTAVO_KERNELS_ELEMENTWISE_H
#define OCTAVO_KERNELS_ELEMENTWISE_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// y = quantize(dequantize(a) + dequantize(b)), limited to [lo, hi]; a relu is a lo of zero_y. In the order of PyTorch's vectors:
//   c = fma(sa, qa, -sa*za) + fma(sb, qb, -sb*zb),  rint(c * inverse) + zero_y;
// from element `tail` on in the order of its last few: c = (qa - za)*sa + (qb - zb)*sb,  rint(c * inverse + zero_y).
struct AddCodes {
    const void *a, *b;
    void* y;
    int64_t n, tail;
    float scale_a, scale_b;
    float inverse;  // 1 / scale_y
    int32_t zero_a, zero_b, zero_y;
    int32_t lo, hi;
};

struct ElementwiseKernels {
    const char* suffix;
    void (*add_u8)(const AddCodes&);
    void (*add_s8)(const AddCodes&);
    // y = min(max(x, lo), hi)
    void (*clamp_u8)(const uint8_t* x, uint8_t* y, int64_t n, int32_t lo, int32_t hi);
    void (*clamp_s8)(const int8_t* x, int8_t* y, int64_t n, int32_t lo, int32_t hi);
    // NaN stays NaN. add: clamp(a + b).
    void (*clamp_f32)(const float* x, float* y, int64_t n, float lo, float hi);
    void (*add_f32)(const float* a, const float* b, float* y, int64_t n, float lo, float hi);
};

extern const ElementwiseKernels elementwise_scalar, elementwise_avx2, elementwise_avx512;

}  // namespace octavo

#endif
