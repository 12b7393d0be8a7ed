// One lane under the names of vectors.h, as many of them as their users need: a text compiled with it, without an instruction set,
// is its own definition.
#ifndef OCTAVO_KERNELS_VECTORS_ONE_H
#define OCTAVO_KERNELS_VECTORS_ONE_H

#include <math.h>
#include <stdint.h>

#include "base/numerics.h"

namespace octavo {
namespace {

constexpr int64_t lanes = 1;
struct Vec {
    float v;
};
struct IVec {
    int32_t v;
};
struct Mask {
    bool v;
};
struct Whole {};

template <class Code>
constexpr bool is_signed = static_cast<Code>(-1) < 0;

inline Vec vec(float x) { return {x}; }
inline Vec load(const float* x) { return {*x}; }
inline Vec load(const float* x, Whole) { return {*x}; }
inline void store(float* y, Vec x) { *y = x.v; }
inline void store(float* y, Vec x, Whole) { *y = x.v; }
inline Vec operator+(Vec a, Vec b) { return {a.v + b.v}; }
inline Vec operator-(Vec a, Vec b) { return {a.v - b.v}; }
inline Vec operator*(Vec a, Vec b) { return {a.v * b.v}; }
inline Vec operator/(Vec a, Vec b) { return {a.v / b.v}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {fmaf(a.v, b.v, c.v)}; }
inline Vec min(Vec a, Vec b) { return {a.v < b.v ? a.v : b.v}; }
inline Vec max(Vec a, Vec b) { return {a.v > b.v ? a.v : b.v}; }
inline Vec sqrt(Vec x) { return {sqrtf(x.v)}; }
inline Vec abs(Vec x) { return {fabsf(x.v)}; }
inline Vec copy_sign(Vec magnitude, Vec sign) { return {copysignf(magnitude.v, sign.v)}; }
inline Vec whole_below(Vec x) { return {floorf(x.v)}; }
inline Vec whole_above(Vec x) { return {ceilf(x.v)}; }
inline Vec whole_nearest(Vec x) { return {nearbyintf(x.v)}; }
inline Vec select(Mask k, Vec a, Vec b) { return k.v ? a : b; }
inline Vec select(Whole, Vec a, Vec) { return a; }
inline Mask is_nan(Vec x) { return {x.v != x.v}; }
inline Mask is_finite(Vec x) { return {fabsf(x.v) <= __FLT_MAX__}; }
inline Mask operator>(Vec a, Vec b) { return {a.v > b.v}; }

inline IVec ivec(int32_t x) { return {x}; }
template <class T>
IVec widen(const T* x) {
    return {*x};
}
template <class T>
IVec widen(const T* x, Whole) {
    return {*x};
}
inline void store(uint32_t* y, IVec x) { *y = static_cast<uint32_t>(x.v); }
inline IVec operator+(IVec a, IVec b) { return {add_wrap_s32(a.v, b.v)}; }
inline IVec operator-(IVec a, IVec b) {
    return {static_cast<int32_t>(static_cast<uint32_t>(a.v) - static_cast<uint32_t>(b.v))};
}
inline IVec operator&(IVec a, IVec b) { return {a.v & b.v}; }
inline IVec half(IVec x) { return {x.v >> 1}; }
inline IVec as_integers(Vec x) {
    IVec bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline Vec as_floats(IVec x) {
    Vec number;
    __builtin_memcpy(&number, &x, sizeof number);
    return number;
}
inline IVec exponent_bits(IVec x) { return {x.v >> 23}; }
inline Vec power_of_two(IVec x) { return as_floats({static_cast<int32_t>(static_cast<uint32_t>(x.v + 127) << 23)}); }
inline IVec round(Vec x) { return {x.v < 2147483648.0f ? to_s32(x.v) : INT32_MIN}; }
inline Vec to_floats(IVec x) { return {static_cast<float>(x.v)}; }

inline float max_of(Vec x) { return x.v; }
inline float sum_pairwise(const Vec (&v)[16]) {
    float sums[16];
    for (int i = 0; i < 16; i++) sums[i] = v[i].v;
    for (int step = 8; step > 0; step /= 2)
        for (int i = 0; i < step; i++) sums[i] += sums[i + step];
    return sums[0];
}

template <class Body>
void each_vector(int64_t n, const Body& body) {
    for (int64_t i = 0; i < n; i++) body(i, Whole{});
}

template <class Body>
void each_of_sixteen(int64_t n, const Body& body) {
    for (int64_t i = 0; i < n; i++) body(i, static_cast<int>(i % 16), Whole{});
}

}  // namespace
}  // namespace octavo

#endif
