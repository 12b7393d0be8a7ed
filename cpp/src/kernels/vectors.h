// How a kernel is written once for AVX2 and AVX-512.
//
// vectors_avx2.h and vectors_avx512.h give the same types and functions, each in terms of its instructions: `lanes` floats
// (Vec) or 32-bit integers (IVec), half as many doubles (DVec), twice as many 16-bit words (WVec), four times as many bytes (BVec),
// and sets of lanes (Mask, of doubles DMask). An operator or function is one instruction, or the few that this instruction set needs for it; results
// are equal bit for bit. Code: uint8_t or int8_t.
//
//   vec(x), ivec(x), ..       x in every lane
//   load, store, widen,       of the lanes of k: a Mask, or what each_vector gives, Whole or First; no memory is touched for the
//   narrow(.., k)             others, which are 0 when loaded. widen: codes or int32_t as integers; narrow: integers to bytes that
//                             hold them
//   first_lanes(n)            the lanes below n: none for n <= 0, all for n >= lanes; bits(k): bit i for lane i
//   first_double_lanes(n)     likewise of doubles; lane_numbers(): 0, 1, .. as doubles
//   whole                     the nearest whole number, half to even
//   gather(x, i)              x[i] in each lane
//   min, max                  of floats as the instructions: the second operand where one is NaN or both are zeros
//   select(k, a, b)           a in the lanes of k, b elsewhere
//   fma(a, b, c)              a * b + c, rounded once
//   whole_below, whole_above, whole_nearest: to floats that are whole numbers, the last one half to even
//   as_integers, as_floats    the same bits; exponent_bits(x): x >> 23
//   round, floor              to 32 bits, half to even or downwards; NaN and what 32 bits do not hold give INT32_MIN
//   sum_pairwise              of sixteen lanes: 0 + 8, 1 + 9, .., then 0 + 4, .., and so on; max_of, min_of: of the lanes
//   pack<Code>(a, b, c, d)    four vectors of integers as codes, saturated
//   widen_four, pack_four     4 * lanes codes as vectors of integers in whatever order is fast, and these, changed, as codes again:
//                             saturated at 16 bits, plus a zero point, saturated
//   pack_within, unpack_low,  within each 128 bits, as the instructions; in_order puts the bytes of two levels of packs in order
//   .._high, shuffle_within
//   load_first, store_first,  the first n of 4 * lanes bytes, 0 <= n; others are 0. FirstBytes(n) for load and store: the same;
//   copy_first, select_first  where masks_bytes holds it costs no more than whole vectors
//   low_half, high_half       of the lanes, as doubles; truncate(low, high): such halves as integers
//   add_low, add_high         a + b in the lanes of the half of k, a elsewhere (an a that is -0 may become +0)
//
// To add a kernel: its text is kernels/FAMILY_vectors.h, which includes this file and the family's header, and lies in the
// anonymous namespace, so that each unit has its own functions. The units, avx2/FAMILY.cpp and avx512/FAMILY.cpp, include the
// text and export the family's table; what one instruction set does in another way (a permutation that the other lacks) is a
// type of the same name in each unit. An instruction that is missing here is added to both files.
#ifndef OCTAVO_KERNELS_VECTORS_H
#define OCTAVO_KERNELS_VECTORS_H

#include <stdint.h>

namespace octavo {
namespace {

template <class Code>
constexpr bool is_signed = static_cast<Code>(-1) < 0;

}  // namespace
}  // namespace octavo

#if defined(__AVX512F__)
#include "kernels/vectors_avx512.h"
#else
#include "kernels/vectors_avx2.h"
#endif

namespace octavo {
namespace {

// All lanes of a vector: what takes a set of them takes Whole too, and knows when it is compiled.
struct Whole {};

// The first n lanes, 0 < n <= lanes.
struct First {
    int64_t n;
    Mask mask;

    explicit First(int64_t number) : n(number), mask(first_lanes(number)) {}
    operator Mask() const { return mask; }
};

inline BVec load(const uint8_t* x, Whole) { return load(x); }
inline void store(uint8_t* y, BVec x, Whole) { store(y, x); }
inline Vec load(const float* x, Whole) { return load(x); }
inline void store(float* y, Vec x, Whole) { store(y, x); }
inline Vec select(Whole, Vec a, Vec) { return a; }
inline Mask operator&(Mask a, Whole) { return a; }
inline int bits(Whole) { return (1 << lanes) - 1; }
inline DVec add_low(Whole, DVec a, DVec b) { return a + b; }
inline DVec add_high(Whole, DVec a, DVec b) { return a + b; }
template <class T>
IVec widen(const T* x, Whole) {
    return widen(x);
}
template <class T>
IVec widen(const T* x, First k) {
    return widen_first(x, k.n);
}
inline void narrow(uint8_t* y, IVec x, Whole) { narrow(y, x); }
inline void narrow(uint8_t* y, IVec x, First k) { narrow_first(y, x, k.n); }

// Calls body(i, k) for each vector of n elements: k is Whole, and First for those left at the end.
template <class Body>
void each_vector(int64_t n, const Body& body) {
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) body(i, Whole{});
    if (i < n) body(i, First(n - i));
}

template <int value>
struct Constant {
    constexpr operator int() const { return value; }
};

// Calls body(i, j, k) likewise, j = i / lanes modulo 16 / lanes as a Constant: where sums go by i mod 16.
template <class Body>
void each_of_sixteen(int64_t n, const Body& body) {
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        body(i, Constant<0>{}, Whole{});
        if constexpr (lanes == 8) body(i + 8, Constant<1>{}, Whole{});
    }
    if (i < n) body(i, Constant<0>{}, First(n - i < lanes ? n - i : lanes));
    if constexpr (lanes == 8)
        if (i + 8 < n) body(i + 8, Constant<1>{}, First(n - i - 8));
}

inline Vec power_of_two(IVec x) { return as_floats((x + ivec(127)) << 23); }

template <class Code>
BVec pack(IVec a, IVec b, IVec c, IVec d) {
    return in_order(pack_within<Code>(pack_within(a, b), pack_within(c, d)));
}
template <class Code>
BVec pack_four(const IVec (&q)[4], int zero) {
    const WVec shift = wvec(zero);
    return order_of_widened<Code>(pack_within<Code>(add_saturated(pack_within(q[0], q[1]), shift),
                                                    add_saturated(pack_within(q[2], q[3]), shift)));
}
template <class Code>
BVec clamp(BVec x, BVec lo, BVec hi) {
    return min<Code>(max<Code>(x, lo), hi);
}

// Constants of quantization in registers. NaN becomes `nan`, the zero point within the limits.
struct CodeScale {
    Vec inverse, zero, nan, lo, hi;

    CodeScale(float inverse_scale, int32_t zero_point, int32_t low, int32_t high)
        : inverse(vec(inverse_scale)),
          zero(vec(static_cast<float>(zero_point))),
          nan(max(min(zero, vec(static_cast<float>(high))), vec(static_cast<float>(low)))),
          lo(vec(static_cast<float>(low))),
          hi(vec(static_cast<float>(high))) {}

    // Scaled, and limited from above; what is below the 32-bit range becomes INT32_MIN, which `pack` takes for the least.
    Vec up_to_hi(Vec scaled) const { return select(is_number(scaled), min(scaled, hi), nan); }
};

// The same for quotients, to whose whole numbers the zero point is added: the limits are less by it.
struct CodeQuotient {
    CodeScale steps;
    IVec zero_point;

    CodeQuotient(float scale, int32_t zero, int32_t low, int32_t high)
        : steps(scale, 0, low - zero, high - zero), zero_point(ivec(zero)) {}

    IVec codes(Vec x) const { return round(max(steps.up_to_hi(x / steps.inverse), steps.lo)) + zero_point; }
};

}  // namespace
}  // namespace octavo

#endif
