// Elementwise operators with AVX-512.
#include "kernels/elementwise.h"

#include <immintrin.h>

namespace octavo {
namespace {

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

// widen16: 16 codes as 32-bit numbers. widen: 64 of them, in an order that `straighten` undoes in the packed bytes.
struct U8 {
    static __m512i widen16(__m128i x) { return _mm512_cvtepu8_epi32(x); }
    static void widen(const uint8_t* x, __m512i (&q)[4]) {
        const __m512i bytes = _mm512_loadu_si512(x);
        const __m512i first =
            _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1));
        const __m512i four = _mm512_set1_epi32(4);
        __m512i order = first;
        for (int j = 0; j < 4; j++, order = _mm512_add_epi32(order, four)) q[j] = _mm512_shuffle_epi8(bytes, order);
    }
    static __m512i straighten(__m512i packed) { return packed; }
    static __m512i pack(__m512i a, __m512i b) { return _mm512_packus_epi16(a, b); }
    static __m512i clamp(__m512i x, __m512i lo, __m512i hi) { return _mm512_min_epu8(_mm512_max_epu8(x, lo), hi); }
};

struct S8 {
    static __m512i widen16(__m128i x) { return _mm512_cvtepi8_epi32(x); }
    static void widen(const uint8_t* x, __m512i (&q)[4]) {
        for (int j = 0; j < 4; j++) q[j] = widen16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x) + j));
    }
    // Packs work in lanes of 128 bits: double word l * 4 + j of two levels of them holds elements 16 j + 4 l and on.
    static __m512i straighten(__m512i packed) {
        const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        return _mm512_permutexvar_epi32(order, packed);
    }
    static __m512i pack(__m512i a, __m512i b) { return _mm512_packs_epi16(a, b); }
    static __m512i clamp(__m512i x, __m512i lo, __m512i hi) { return _mm512_min_epi8(_mm512_max_epi8(x, lo), hi); }
};

template <class T>
void add_codes(const AddCodes& p) {
    const uint8_t *a = static_cast<const uint8_t*>(p.a), *b = static_cast<const uint8_t*>(p.b);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    const __m512 scale_a = _mm512_set1_ps(p.scale_a), scale_b = _mm512_set1_ps(p.scale_b);
    const __m512 shift_a = _mm512_set1_ps(p.scale_a * static_cast<float>(-p.zero_a));
    const __m512 shift_b = _mm512_set1_ps(p.scale_b * static_cast<float>(-p.zero_b));
    const __m512 inverse = _mm512_set1_ps(p.inverse);
    const __m512i lo = _mm512_set1_epi8(static_cast<char>(p.lo)), hi = _mm512_set1_epi8(static_cast<char>(p.hi));
    const __m512i zero_y = _mm512_set1_epi16(static_cast<int16_t>(p.zero_y));
    const auto sums = [&](const uint8_t* x, const uint8_t* with) __attribute__((always_inline)) {
        __m512i qa[4], qb[4], q[4];
        T::widen(x, qa);
        T::widen(with, qb);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const __m512 ca = _mm512_fmadd_ps(scale_a, _mm512_cvtepi32_ps(qa[j]), shift_a);
            const __m512 cb = _mm512_fmadd_ps(scale_b, _mm512_cvtepi32_ps(qb[j]), shift_b);
            q[j] = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_add_ps(ca, cb), inverse));
        }
        const __m512i front = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), zero_y);
        const __m512i back = _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), zero_y);
        return T::straighten(T::clamp(T::pack(front, back), lo, hi));
    };
    int64_t i = 0;
    for (; i + 64 <= p.tail; i += 64) _mm512_storeu_si512(y + i, sums(a + i, b + i));
    if (i < p.tail) {
        const __mmask64 k = first_bytes(p.tail - i);
        alignas(64) uint8_t last_a[64], last_b[64];
        _mm512_store_si512(last_a, _mm512_maskz_loadu_epi8(k, a + i));
        _mm512_store_si512(last_b, _mm512_maskz_loadu_epi8(k, b + i));
        _mm512_mask_storeu_epi8(y + i, k, sums(last_a, last_b));
        i = p.tail;
    }
    const __m512i zero_a = _mm512_set1_epi32(p.zero_a), zero_b = _mm512_set1_epi32(p.zero_b);
    const __m512i lo32 = _mm512_set1_epi32(p.lo), hi32 = _mm512_set1_epi32(p.hi);
    const __m512 z = _mm512_set1_ps(static_cast<float>(p.zero_y));
    for (; i < p.n; i += 16) {
        const __mmask16 k = first_lanes(p.n - i);
        const __m512i qa = _mm512_sub_epi32(T::widen16(_mm_maskz_loadu_epi8(k, a + i)), zero_a);
        const __m512i qb = _mm512_sub_epi32(T::widen16(_mm_maskz_loadu_epi8(k, b + i)), zero_b);
        const __m512 c = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(qa), scale_a),
                                       _mm512_mul_ps(_mm512_cvtepi32_ps(qb), scale_b));
        const __m512i q = _mm512_cvtps_epi32(_mm512_add_ps(_mm512_mul_ps(c, inverse), z));
        _mm512_mask_cvtepi32_storeu_epi8(y + i, k, _mm512_min_epi32(_mm512_max_epi32(q, lo32), hi32));
    }
}

template <class T, class E>
void clamp_codes(const E* x, E* y, int64_t n, int32_t low, int32_t high) {
    const __m512i lo = _mm512_set1_epi8(static_cast<char>(low)), hi = _mm512_set1_epi8(static_cast<char>(high));
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) _mm512_storeu_si512(y + i, T::clamp(_mm512_loadu_si512(x + i), lo, hi));
    const __mmask64 k = first_bytes(n - i);
    _mm512_mask_storeu_epi8(y + i, k, T::clamp(_mm512_maskz_loadu_epi8(k, x + i), lo, hi));
}

// The operand that is NaN or equal comes second, so that it is the result.
__m512 clamp(__m512 x, __m512 lo, __m512 hi) { return _mm512_min_ps(hi, _mm512_max_ps(lo, x)); }

void clamp_f32(const float* x, float* y, int64_t n, float low, float high) {
    const __m512 lo = _mm512_set1_ps(low), hi = _mm512_set1_ps(high);
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        _mm512_mask_storeu_ps(y + i, k, clamp(_mm512_maskz_loadu_ps(k, x + i), lo, hi));
    }
}

void add_f32(const float* a, const float* b, float* y, int64_t n, float low, float high) {
    const __m512 lo = _mm512_set1_ps(low), hi = _mm512_set1_ps(high);
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        const __m512 c = _mm512_add_ps(_mm512_maskz_loadu_ps(k, a + i), _mm512_maskz_loadu_ps(k, b + i));
        _mm512_mask_storeu_ps(y + i, k, clamp(c, lo, hi));
    }
}

__m512 power_of_two(__m512i n) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
}

// As in the definition, operation by operation.
__m512 exp_negative(__m512 x) {
    x = _mm512_max_ps(_mm512_set1_ps(-104.0f), x);
    const __m512i exponent = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(0x1.715476p+0f)));
    const __m512 n = _mm512_cvtepi32_ps(exponent);
    __m512 r = _mm512_fmadd_ps(n, _mm512_set1_ps(-0x1.62e400p-1f), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(-0x1.7f7d1cp-20f), r);
    __m512 e = _mm512_set1_ps(0x1.a01a02p-13f);
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(0x1.6c16c2p-10f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(0x1.111112p-7f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(0x1.555556p-5f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(0x1.555556p-3f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(0x1p-1f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(1.0f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(1.0f));
    const __m512i half = _mm512_srai_epi32(exponent, 1);
    return _mm512_mul_ps(_mm512_mul_ps(e, power_of_two(half)), power_of_two(_mm512_sub_epi32(exponent, half)));
}

// Lanes 0 + 8, 1 + 9, .. then 0 + 4, .. and so on.
float sum_pairwise(__m512 v) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

void softmax_f32(const float* x, float* y, int64_t n) {
    __m512 most = _mm512_set1_ps(-__builtin_inff());
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        most = _mm512_mask_max_ps(most, k, _mm512_maskz_loadu_ps(k, x + i), most);
    }
    const __m512 greatest = _mm512_set1_ps(_mm512_reduce_max_ps(most));
    __m512 parts = _mm512_setzero_ps();
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        const __m512 e = exp_negative(_mm512_sub_ps(_mm512_maskz_loadu_ps(k, x + i), greatest));
        parts = _mm512_mask_add_ps(parts, k, parts, e);
        _mm512_mask_storeu_ps(y + i, k, e);
    }
    const float sum = sum_pairwise(parts);
    const __m512 nan = _mm512_set1_ps(__builtin_nanf(""));
    const __m512 divisor = _mm512_set1_ps(sum);
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 k = first_lanes(n - i);
        const __m512 quotient = _mm512_div_ps(_mm512_maskz_loadu_ps(k, y + i), divisor);
        _mm512_mask_storeu_ps(y + i, k, sum != sum ? nan : quotient);
    }
}

}  // namespace

const ElementwiseKernels elementwise_avx512 = {
    "avx512",  add_codes<U8>, add_codes<S8>, clamp_codes<U8, uint8_t>, clamp_codes<S8, int8_t>,
    clamp_f32, add_f32,       softmax_f32,
};

}  // namespace octavo
