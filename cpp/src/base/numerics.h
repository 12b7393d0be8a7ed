// Rounding, saturation and the formulas of quantization, written once. The definition that every kernel equals.
//
// The formulas are those of PyTorch's x86 engine (fbgemm), float32 throughout; `fma` rounds once, everything else rounds
// after each operation, so units that include this are compiled without contraction. Functions are static: no unit emits a
// symbol that the linker could choose for another.
#ifndef OCTAVO_BASE_NUMERICS_H
#define OCTAVO_BASE_NUMERICS_H

#include <math.h>
#include <stdint.h>

namespace octavo {

// Nearest integer, ties to even, as a float. Assumes the default rounding mode.
static inline float round_half_even(float x) { return nearbyintf(x); }

// Nearest 32-bit integer, ties to even; the nearest end of the range beyond it, INT_MIN for NaN.
static inline int32_t to_s32(float x) {
    if (x >= 2147483648.0f) return INT32_MAX;
    if (!(x >= -2147483648.0f)) return INT32_MIN;
    return static_cast<int32_t>(lrintf(x));
}

// Sum that stops at the ends of the 32-bit range.
static inline int32_t add_saturate_s32(int32_t a, int32_t b) {
    int64_t sum = static_cast<int64_t>(a) + b;
    return sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : static_cast<int32_t>(sum);
}

// Sum modulo 2^32, as vector registers add.
static inline int32_t add_wrap_s32(int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

static inline int32_t clamp_s32(int32_t x, int32_t lo, int32_t hi) { return x < lo ? lo : x > hi ? hi : x; }

// The output step of integer products: clamp(rint(x * multiplier) + zero_point, lo, hi), x a sum with its bias, already float.
static inline int32_t requantize(float x, float multiplier, int32_t zero_point, int32_t lo, int32_t hi) {
    return clamp_s32(add_saturate_s32(to_s32(x * multiplier), zero_point), lo, hi);
}

// Limits v to [lo, hi], whole numbers within 24 bits, and rounds; NaN counts as zero_point.
static inline int32_t round_clamped(float v, float zero_point, float lo, float hi) {
    if (v != v) v = zero_point;
    v = v < hi ? v : hi;
    v = v > lo ? v : lo;
    return to_s32(v);
}

// Per tensor: clamp(rint(fma(x, inverse, zero_point)), lo, hi), inverse = 1 / scale rounded to float.
static inline int32_t quantize_fused(float x, float inverse, int32_t zero_point, int32_t lo, int32_t hi) {
    float z = static_cast<float>(zero_point);
    return round_clamped(fmaf(x, inverse, z), z, static_cast<float>(lo), static_cast<float>(hi));
}

// Per channel: clamp(rint(x * inverse + zero_point), lo, hi), product and sum rounded each.
static inline int32_t quantize_two_step(float x, float inverse, int32_t zero_point, int32_t lo, int32_t hi) {
    float z = static_cast<float>(zero_point);
    return round_clamped(x * inverse + z, z, static_cast<float>(lo), static_cast<float>(hi));
}

// ONNX: clamp(rint(x / scale) + zero_point, lo, hi), the quotient rounded to float, the zero point added afterwards.
static inline int32_t quantize_quotient(float x, float scale, int32_t zero_point, int32_t lo, int32_t hi) {
    return round_clamped(x / scale, 0, static_cast<float>(lo - zero_point), static_cast<float>(hi - zero_point)) +
           zero_point;
}

// The code of a clamp's bound, infinite or not, among the codes lo to hi: a single number takes PyTorch's scalar formula, which
// rounds twice, whether the clamp stands alone or belongs to another operator.
static inline int32_t quantize_bound(float bound, float scale, int32_t zero_point, int32_t lo, int32_t hi) {
    return quantize_two_step(bound, 1.0f / scale, zero_point, lo, hi);
}

static inline float dequantize(int32_t q, float scale, int32_t zero_point) {
    return static_cast<float>(q - zero_point) * scale;
}

}  // namespace octavo

#endif
