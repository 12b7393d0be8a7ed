// Elementwise operators, the definition. The two forms of the quantized addition are those of PyTorch's kernel for x86 in
// its vector body and its tail.
#include "kernels/elementwise.h"

#include "base/numerics.h"

namespace octavo {
namespace {

template <class T>
void add_codes(const AddCodes& p) {
    const T *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b);
    T* y = static_cast<T*>(p.y);
    const float shift_a = p.scale_a * static_cast<float>(-p.zero_a),
                shift_b = p.scale_b * static_cast<float>(-p.zero_b);
    for (int64_t i = 0; i < p.n; i++) {
        float c;
        if (i < p.tail)
            c = fmaf(p.scale_a, a[i], shift_a) + fmaf(p.scale_b, b[i], shift_b);
        else
            c = dequantize(a[i], p.scale_a, p.zero_a) + dequantize(b[i], p.scale_b, p.zero_b);
        int32_t q;
        if (i < p.tail)
            q = clamp_s32(to_s32(c * p.inverse), p.lo - p.zero_y, p.hi - p.zero_y) + p.zero_y;
        else
            q = clamp_s32(to_s32(c * p.inverse + static_cast<float>(p.zero_y)), p.lo, p.hi);
        y[i] = static_cast<T>(q);
    }
}

template <class T>
void clamp_codes(const T* x, T* y, int64_t n, int32_t lo, int32_t hi) {
    for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(clamp_s32(x[i], lo, hi));
}

float clamp(float x, float lo, float hi) {
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

void clamp_f32(const float* x, float* y, int64_t n, float lo, float hi) {
    for (int64_t i = 0; i < n; i++) y[i] = clamp(x[i], lo, hi);
}

void add_f32(const float* a, const float* b, float* y, int64_t n, float lo, float hi) {
    for (int64_t i = 0; i < n; i++) y[i] = clamp(a[i] + b[i], lo, hi);
}

}  // namespace

const ElementwiseKernels elementwise_scalar = {
    "scalar", add_codes<uint8_t>, add_codes<int8_t>, clamp_codes<uint8_t>, clamp_codes<int8_t>, clamp_f32, add_f32,
};

}  // namespace octavo
