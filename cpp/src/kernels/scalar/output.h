// The output stage as defined in kernels/output.h, one element at a time.
#ifndef OCTAVO_KERNELS_SCALAR_OUTPUT_H
#define OCTAVO_KERNELS_SCALAR_OUTPUT_H

#include "base/numerics.h"
#include "kernels/output.h"

namespace octavo {
namespace {

// x: A of packed column n as a float; residual: null, or the tensor's element; c: where output `i` goes. Not for s32.
inline void write_real(const OutputStage& stage, float x, int64_t n, const void* residual, int64_t residual_i, void* c,
                       int64_t i) {
    if (stage.type == output_f32) {
        static_cast<float*>(c)[i] =
            stage.bias != nullptr ? fmaf(x, stage.multiplier[n], stage.bias[n]) : x * stage.multiplier[n];
        return;
    }
    if (stage.bias != nullptr) x = fmaf(stage.bias[n], stage.bias_scale[n], x);
    float v = x * stage.multiplier[n];
    if (residual != nullptr) {
        const int32_t r = stage.residual_signed ? static_cast<const int8_t*>(residual)[residual_i]
                                                : static_cast<const uint8_t*>(residual)[residual_i];
        v = v + static_cast<float>(r - stage.residual_zero) * stage.residual_scale;
    }
    const int32_t q = clamp_s32(add_saturate_s32(to_s32(v), stage.zero_point), stage.lo, stage.hi);
    static_cast<uint8_t*>(c)[i] = static_cast<uint8_t>(q);
}

// The same from A itself; any type.
inline void write_output(const OutputStage& stage, int32_t sum, int64_t n, const void* residual, int64_t residual_i,
                         void* c, int64_t i) {
    if (stage.type == output_s32) {
        static_cast<int32_t*>(c)[i] = sum;
    } else {
        write_real(stage, static_cast<float>(sum), n, residual, residual_i, c, i);
    }
}

inline int32_t multiply_add(int32_t sum, uint8_t a, int32_t w) {
    return add_wrap_s32(sum, static_cast<int32_t>(a) * w);
}

}  // namespace
}  // namespace octavo

#endif
