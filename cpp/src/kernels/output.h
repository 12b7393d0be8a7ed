// The output stage of integer products, shared by the families gemm, conv, depthwise and lookup.
//
// A is the exact 32-bit sum of (a - za)(w - zw) of one output, n its channel. In float32, every operation rounded by itself and
// fma rounded once (PyTorch's fbgemm engine), float(A) being what a family that sums by groups along K gives instead:
//   x = float(A), with a float bias x = fma(bias[n], bias_scale[n], x)
//   u8, s8   clamp(rint(x * multiplier[n]) + zero_point, lo, hi)
//            with a residual: rint(x * multiplier[n] + float(r - residual_zero) * residual_scale) instead, three roundings
//   f32      fma(float(A), multiplier[n], bias[n]), or float(A) * multiplier[n] without bias
//   s32      A
// rint saturates; that of vectors does not, so they run where no result leaves 32 bits (ops/sum_bounds.h). NaN gives lo.
#ifndef OCTAVO_KERNELS_OUTPUT_H
#define OCTAVO_KERNELS_OUTPUT_H

#include <stdint.h>

namespace octavo {

enum OutputType { output_u8, output_s8, output_f32, output_s32 };

// Arrays are indexed by packed column, and padded to whole panels (or channel blocks).
struct OutputStage {
    OutputType type;
    const int32_t*
        start;  // what the sums start from: zero-point terms that do not depend on the input, and an s32 bias
    const int32_t* weight_zero;  // null: all zero. Otherwise weight_zero[n] * (sum of the row's codes) is subtracted
    const float* bias;           // null: none
    const float* bias_scale;     // not read for f32
    const float* multiplier;     // not read for s32
    int32_t zero_point, lo, hi;  // u8, s8: 0..255 or -128..127
    int32_t residual_signed;     // the residual is s8, not u8
    int32_t residual_zero;
    float residual_scale;
};

__attribute__((always_inline)) static inline int64_t element_bytes(const OutputStage& stage) {
    return stage.type == output_f32 || stage.type == output_s32 ? 4 : 1;
}

}  // namespace octavo

#endif
