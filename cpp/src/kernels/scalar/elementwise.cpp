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

// 2^n, n in [-126, 127].
float power_of_two(int32_t n) {
    const uint32_t bits = static_cast<uint32_t>(n + 127) << 23;
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

// exp(x) for x <= 0, within 2 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, the Taylor polynomial of degree 7
// in r, then 2^n in two factors so that small results round once.
float exp_negative(float x) {
    x = x < -104.0f ? -104.0f : x;  // below it the result is 0
    if (x != x) return x;
    const float n = round_half_even(x * 0x1.715476p+0f);
    float r = fmaf(n, -0x1.62e400p-1f, x);  // ln 2 in two parts, the first exact in products with n
    r = fmaf(n, -0x1.7f7d1cp-20f, r);
    float e = 0x1.a01a02p-13f;
    e = fmaf(e, r, 0x1.6c16c2p-10f);
    e = fmaf(e, r, 0x1.111112p-7f);
    e = fmaf(e, r, 0x1.555556p-5f);
    e = fmaf(e, r, 0x1.555556p-3f);
    e = fmaf(e, r, 0x1p-1f);
    e = fmaf(e, r, 1.0f);
    e = fmaf(e, r, 1.0f);
    const int32_t exponent = to_s32(n), half = exponent >> 1;
    return e * power_of_two(half) * power_of_two(exponent - half);
}

void softmax_f32(const float* x, float* y, int64_t n) {
    float most = x[0];
    for (int64_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    float part[16] = {};  // element i goes to part i mod 16; then 0 + 8, 1 + 9, .. and so on
    for (int64_t i = 0; i < n; i++) {
        y[i] = exp_negative(x[i] - most);
        part[i % 16] += y[i];
    }
    for (int step = 8; step > 0; step /= 2)
        for (int i = 0; i < step; i++) part[i] += part[i + step];
    const float sum = part[0];
    for (int64_t i = 0; i < n; i++) y[i] = sum != sum ? __builtin_nanf("") : y[i] / sum;
}

}  // namespace

const ElementwiseKernels elementwise_scalar = {
    "scalar", add_codes<uint8_t>, add_codes<int8_t>, clamp_codes<uint8_t>, clamp_codes<int8_t>, clamp_f32,
    add_f32,  softmax_f32,
};

}  // namespace octavo
