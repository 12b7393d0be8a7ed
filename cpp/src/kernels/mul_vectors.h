// The product of codes in vectors (see vectors.h).
#ifndef OCTAVO_KERNELS_MUL_VECTORS_H
#define OCTAVO_KERNELS_MUL_VECTORS_H

#include "kernels/pointwise.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

template <class Code>
void mul_codes(const MulCodes& p) {
    const Code *a = static_cast<const Code*>(p.a), *b = static_cast<const Code*>(p.b);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    const IVec zero_a = ivec(p.zero_a), zero_b = ivec(p.zero_b);
    const Vec multiplier = vec(p.multiplier);
    const BVec lo = bvec(p.lo), hi = bvec(p.hi);
    const auto products = [&](const Code* x, const Code* with) __attribute__((always_inline)) {
        IVec qa[4], qb[4], q[4];
        widen_four(x, qa);
        widen_four(with, qb);
        // Products of 17 bits are exact in floats.
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) q[j] = round(to_floats(qa[j] - zero_a) * to_floats(qb[j] - zero_b) * multiplier);
        return clamp<Code>(pack_four<Code>(q, p.zero_y), lo, hi);
    };
    int64_t i = 0;
    for (; i + 4 * lanes <= p.n; i += 4 * lanes) store(y + i, products(a + i, b + i));
    if (i < p.n) {
        Code last_a[4 * lanes], last_b[4 * lanes];
        copy_first(last_a, a + i, p.n - i);
        copy_first(last_b, b + i, p.n - i);
        store_first(y + i, products(last_a, last_b), p.n - i);
    }
}

}  // namespace
}  // namespace octavo

#endif
