// Quantization that also turns planes of few channels into pixels: the first step of a network on images.
#ifndef OCTAVO_KERNELS_PIXELS_H
#define OCTAVO_KERNELS_PIXELS_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// Planes to pixels: y[i * channels + c] from x[c * plane_stride + i], channels 2 to 4, per tensor.
struct QuantizePixels {
    const float* x;
    int64_t plane_stride;
    void* y;
    int64_t pixels, channels;
    float inverse;  // 1 / scale; for the quotients scale itself
    int32_t zero_point, lo, hi;
};

struct PixelsKernels {
    const char* suffix;
    // rint(fma(x, inverse, zero_point))
    void (*u8)(const QuantizePixels&);
    void (*s8)(const QuantizePixels&);
    // rint(x / scale) + zero_point
    void (*quotient_u8)(const QuantizePixels&);
    void (*quotient_s8)(const QuantizePixels&);
};

extern const PixelsKernels pixels_scalar, pixels_avx2, pixels_avx512, pixels_vnni;

}  // namespace octavo

#endif
