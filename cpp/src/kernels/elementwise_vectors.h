// Elementwise operators in vectors (see vectors.h).
#ifndef OCTAVO_KERNELS_ELEMENTWISE_VECTORS_H
#define OCTAVO_KERNELS_ELEMENTWISE_VECTORS_H

#include "kernels/elementwise.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

template <class Code>
void add_codes(const AddCodes& p) {
    const Code *a = static_cast<const Code*>(p.a), *b = static_cast<const Code*>(p.b);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    const Vec scale_a = vec(p.scale_a), scale_b = vec(p.scale_b), inverse = vec(p.inverse);
    const Vec shift_a = vec(p.scale_a * static_cast<float>(-p.zero_a));
    const Vec shift_b = vec(p.scale_b * static_cast<float>(-p.zero_b));
    const BVec lo = bvec(p.lo), hi = bvec(p.hi);
    const auto sums = [&](const Code* x, const Code* with) __attribute__((always_inline)) {
        IVec qa[4], qb[4], q[4];
        widen_four(x, qa);
        widen_four(with, qb);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const Vec c = fma(scale_a, to_floats(qa[j]), shift_a) + fma(scale_b, to_floats(qb[j]), shift_b);
            q[j] = round(c * inverse);
        }
        return clamp<Code>(pack_four<Code>(q, p.zero_y), lo, hi);
    };
    int64_t i = 0;
    for (; i + 4 * lanes <= p.tail; i += 4 * lanes) store(y + i, sums(a + i, b + i));
    if (i < p.tail) {
        Code last_a[4 * lanes], last_b[4 * lanes];
        copy_first(last_a, a + i, p.tail - i);
        copy_first(last_b, b + i, p.tail - i);
        store_first(y + i, sums(last_a, last_b), p.tail - i);
        i = p.tail;
    }
    const IVec zero_a = ivec(p.zero_a), zero_b = ivec(p.zero_b), least = ivec(p.lo), most = ivec(p.hi);
    const Vec zero_y = vec(static_cast<float>(p.zero_y));
    each_vector(p.n - i, [&](int64_t j, auto k) {
        const IVec qa = widen(a + i + j, k) - zero_a;
        const IVec qb = widen(b + i + j, k) - zero_b;
        const IVec q = round((to_floats(qa) * scale_a + to_floats(qb) * scale_b) * inverse + zero_y);
        narrow(y + i + j, min(max(q, least), most), k);
    });
}

template <class Code>
void clamp_codes(const Code* from, Code* to, int64_t n, int32_t low, int32_t high) {
    const uint8_t* x = reinterpret_cast<const uint8_t*>(from);
    uint8_t* y = reinterpret_cast<uint8_t*>(to);
    const BVec lo = bvec(low), hi = bvec(high);
    int64_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes) store(y + i, clamp<Code>(load(x + i), lo, hi));
    if (i < n) store_first(y + i, clamp<Code>(load_first(x + i, n - i), lo, hi), n - i);
}

// The operand that is NaN or equal comes second, so that it is the result.
Vec clamp(Vec x, Vec lo, Vec hi) { return min(hi, max(lo, x)); }

void clamp_f32(const float* x, float* y, int64_t n, float low, float high) {
    const Vec lo = vec(low), hi = vec(high);
    each_vector(n, [&](int64_t i, auto k) { store(y + i, clamp(load(x + i, k), lo, hi), k); });
}

void add_f32(const float* a, const float* b, float* y, int64_t n, float low, float high) {
    const Vec lo = vec(low), hi = vec(high);
    each_vector(n, [&](int64_t i, auto k) { store(y + i, clamp(load(a + i, k) + load(b + i, k), lo, hi), k); });
}

constexpr ElementwiseKernels elementwise_kernels(const char* isa) {
    return {isa, add_codes<uint8_t>, add_codes<int8_t>, clamp_codes<uint8_t>, clamp_codes<int8_t>, clamp_f32, add_f32};
}

}  // namespace
}  // namespace octavo

#endif
