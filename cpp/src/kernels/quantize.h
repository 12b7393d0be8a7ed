// Between floats and codes.
#ifndef OCTAVO_KERNELS_QUANTIZE_H
#define OCTAVO_KERNELS_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// One scale and zero point; codes limited to [lo, hi], within the type's range. NaN gives the zero point (limited), infinities the
// ends.
struct QuantizeRun {
    const float* x;
    void* y;
    int64_t n;
    float inverse;  // 1 / scale; for the quotients scale itself
    int32_t zero_point, lo, hi;
};

struct DequantizeRun {
    const void* x;
    float* y;
    int64_t n;
    float scale;
    int32_t zero_point;
};

struct QuantizeKernels {
    const char* suffix;
    // rint(fma(x, inverse, zero_point)): per tensor.
    void (*fused_u8)(const QuantizeRun&);
    void (*fused_s8)(const QuantizeRun&);
    // rint(x * inverse + zero_point), rounded twice: per channel.
    void (*two_step_u8)(const QuantizeRun&);
    void (*two_step_s8)(const QuantizeRun&);
    // rint(x / scale) + zero_point: ONNX.
    void (*quotient_u8)(const QuantizeRun&);
    void (*quotient_s8)(const QuantizeRun&);
    // float(x - zero_point) * scale; the difference of s32 wraps.
    void (*dequantize_u8)(const DequantizeRun&);
    void (*dequantize_s8)(const DequantizeRun&);
    void (*dequantize_s32)(const DequantizeRun&);
};

extern const QuantizeKernels quantize_scalar, quantize_avx2, quantize_avx512;

}  // namespace octavo

#endif
