// Elementwise operators with AVX2. Tails of codes go through small buffers on the stack.
#include "kernels/elementwise.h"

#include <immintrin.h>

namespace octavo {
namespace {

__m256i first_lanes(int64_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n > 8 ? 8 : n)), lane);
}

void copy_bytes(void* to, const void* from, int64_t n) {
    for (int64_t i = 0; i < n; i++) static_cast<uint8_t*>(to)[i] = static_cast<const uint8_t*>(from)[i];
}

struct U8 {
    static __m256i widen(const uint8_t* x) {
        return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
    }
    static __m256i pack(__m256i a, __m256i b) { return _mm256_packus_epi16(a, b); }
    static __m256i clamp(__m256i x, __m256i lo, __m256i hi) { return _mm256_min_epu8(_mm256_max_epu8(x, lo), hi); }
};

struct S8 {
    static __m256i widen(const uint8_t* x) {
        return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
    }
    static __m256i pack(__m256i a, __m256i b) { return _mm256_packs_epi16(a, b); }
    static __m256i clamp(__m256i x, __m256i lo, __m256i hi) { return _mm256_min_epi8(_mm256_max_epi8(x, lo), hi); }
};

// Packs work in lanes of 128 bits: double word l * 4 + j of two levels of them holds elements 8 j + 4 l and on.
__m256i straighten(__m256i packed) {
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

void store32(void* y, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(y), x); }

template <class T>
void add_codes(const AddCodes& p) {
    const uint8_t *a = static_cast<const uint8_t*>(p.a), *b = static_cast<const uint8_t*>(p.b);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    const __m256 scale_a = _mm256_set1_ps(p.scale_a), scale_b = _mm256_set1_ps(p.scale_b);
    const __m256 shift_a = _mm256_set1_ps(p.scale_a * static_cast<float>(-p.zero_a));
    const __m256 shift_b = _mm256_set1_ps(p.scale_b * static_cast<float>(-p.zero_b));
    const __m256 inverse = _mm256_set1_ps(p.inverse);
    const __m256i lo = _mm256_set1_epi8(static_cast<char>(p.lo)), hi = _mm256_set1_epi8(static_cast<char>(p.hi));
    const __m256i zero_y = _mm256_set1_epi16(static_cast<int16_t>(p.zero_y));
    const auto sums = [&](const uint8_t* x, const uint8_t* with) __attribute__((always_inline)) {
        __m256i q[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const __m256 va = _mm256_cvtepi32_ps(T::widen(x + 8 * j)), vb = _mm256_cvtepi32_ps(T::widen(with + 8 * j));
            const __m256 c =
                _mm256_add_ps(_mm256_fmadd_ps(scale_a, va, shift_a), _mm256_fmadd_ps(scale_b, vb, shift_b));
            q[j] = _mm256_cvtps_epi32(_mm256_mul_ps(c, inverse));
        }
        const __m256i front = _mm256_adds_epi16(_mm256_packs_epi32(q[0], q[1]), zero_y);
        const __m256i back = _mm256_adds_epi16(_mm256_packs_epi32(q[2], q[3]), zero_y);
        return straighten(T::clamp(T::pack(front, back), lo, hi));
    };
    int64_t i = 0;
    for (; i + 32 <= p.tail; i += 32) store32(y + i, sums(a + i, b + i));
    if (i < p.tail) {
        uint8_t last_a[32] = {}, last_b[32] = {}, bytes[32];
        copy_bytes(last_a, a + i, p.tail - i);
        copy_bytes(last_b, b + i, p.tail - i);
        store32(bytes, sums(last_a, last_b));
        copy_bytes(y + i, bytes, p.tail - i);
        i = p.tail;
    }
    const __m256i zero_a = _mm256_set1_epi32(p.zero_a), zero_b = _mm256_set1_epi32(p.zero_b);
    const __m256 z = _mm256_set1_ps(static_cast<float>(p.zero_y));
    for (; i < p.n; i += 8) {
        const int64_t left = p.n - i < 8 ? p.n - i : 8;
        uint8_t last_a[8] = {}, last_b[8] = {}, bytes[32];
        copy_bytes(last_a, a + i, left);
        copy_bytes(last_b, b + i, left);
        const __m256 va = _mm256_cvtepi32_ps(_mm256_sub_epi32(T::widen(last_a), zero_a));
        const __m256 vb = _mm256_cvtepi32_ps(_mm256_sub_epi32(T::widen(last_b), zero_b));
        const __m256 c = _mm256_add_ps(_mm256_mul_ps(va, scale_a), _mm256_mul_ps(vb, scale_b));
        const __m256i q = _mm256_cvtps_epi32(_mm256_add_ps(_mm256_mul_ps(c, inverse), z));
        const __m256i words = _mm256_packs_epi32(q, q);
        store32(bytes, straighten(T::clamp(T::pack(words, words), lo, hi)));
        copy_bytes(y + i, bytes, left);
    }
}

template <class T, class E>
void clamp_codes(const E* x, E* y, int64_t n, int32_t low, int32_t high) {
    const __m256i lo = _mm256_set1_epi8(static_cast<char>(low)), hi = _mm256_set1_epi8(static_cast<char>(high));
    const auto block = [&](const void* from, void* to) {
        store32(to, T::clamp(_mm256_loadu_si256(static_cast<const __m256i*>(from)), lo, hi));
    };
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) block(x + i, y + i);
    if (i < n) {
        uint8_t bytes[32] = {};
        copy_bytes(bytes, x + i, n - i);
        block(bytes, bytes);
        copy_bytes(y + i, bytes, n - i);
    }
}

// The operand that is NaN or equal comes second, so that it is the result.
__m256 clamp(__m256 x, __m256 lo, __m256 hi) { return _mm256_min_ps(hi, _mm256_max_ps(lo, x)); }

void clamp_f32(const float* x, float* y, int64_t n, float low, float high) {
    const __m256 lo = _mm256_set1_ps(low), hi = _mm256_set1_ps(high);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, clamp(_mm256_loadu_ps(x + i), lo, hi));
    const __m256i k = first_lanes(n - i);
    _mm256_maskstore_ps(y + i, k, clamp(_mm256_maskload_ps(x + i, k), lo, hi));
}

void add_f32(const float* a, const float* b, float* y, int64_t n, float low, float high) {
    const __m256 lo = _mm256_set1_ps(low), hi = _mm256_set1_ps(high);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, clamp(_mm256_add_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)), lo, hi));
    const __m256i k = first_lanes(n - i);
    const __m256 c = _mm256_add_ps(_mm256_maskload_ps(a + i, k), _mm256_maskload_ps(b + i, k));
    _mm256_maskstore_ps(y + i, k, clamp(c, lo, hi));
}

__m256 power_of_two(__m256i n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

// As in the definition, operation by operation.
__m256 exp_negative(__m256 x) {
    x = _mm256_max_ps(_mm256_set1_ps(-104.0f), x);
    const __m256i exponent = _mm256_cvtps_epi32(_mm256_mul_ps(x, _mm256_set1_ps(0x1.715476p+0f)));
    const __m256 n = _mm256_cvtepi32_ps(exponent);
    __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(-0x1.62e400p-1f), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(-0x1.7f7d1cp-20f), r);
    __m256 e = _mm256_set1_ps(0x1.a01a02p-13f);
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(0x1.6c16c2p-10f));
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(0x1.111112p-7f));
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(0x1.555556p-5f));
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(0x1.555556p-3f));
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(0x1p-1f));
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(1.0f));
    e = _mm256_fmadd_ps(e, r, _mm256_set1_ps(1.0f));
    const __m256i half = _mm256_srai_epi32(exponent, 1);
    return _mm256_mul_ps(_mm256_mul_ps(e, power_of_two(half)), power_of_two(_mm256_sub_epi32(exponent, half)));
}

// Masked stores are slow on AMD's CPUs.
void store_lanes(float* y, __m256 v, __m256i k, int64_t n) {
    if (n >= 8)
        _mm256_storeu_ps(y, v);
    else
        _mm256_maskstore_ps(y, k, v);
}

void softmax_f32(const float* x, float* y, int64_t n) {
    float most = -__builtin_inff();
    __m256 mosts = _mm256_set1_ps(most);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) mosts = _mm256_max_ps(_mm256_loadu_ps(x + i), mosts);
    for (; i < n; i++) most = x[i] > most ? x[i] : most;
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, mosts);
    for (float lane : lanes) most = lane > most ? lane : most;

    const __m256 greatest = _mm256_set1_ps(most);
    __m256 parts[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};  // elements i mod 16
    for (i = 0; i < n; i += 8) {
        const __m256i k = first_lanes(n - i);
        const __m256 e = exp_negative(_mm256_sub_ps(_mm256_maskload_ps(x + i, k), greatest));
        __m256& part = parts[i / 8 % 2];
        part = _mm256_add_ps(part, _mm256_and_ps(e, _mm256_castsi256_ps(k)));
        store_lanes(y + i, e, k, n - i);
    }
    const __m256 eight = _mm256_add_ps(parts[0], parts[1]);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    const float sum = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));

    const __m256 nan = _mm256_set1_ps(__builtin_nanf("")), divisor = _mm256_set1_ps(sum);
    for (i = 0; i < n; i += 8) {
        const __m256i k = first_lanes(n - i);
        const __m256 quotient = _mm256_div_ps(_mm256_maskload_ps(y + i, k), divisor);
        store_lanes(y + i, sum != sum ? nan : quotient, k, n - i);
    }
}

}  // namespace

const ElementwiseKernels elementwise_avx2 = {
    "avx2",    add_codes<U8>, add_codes<S8>, clamp_codes<U8, uint8_t>, clamp_codes<S8, int8_t>,
    clamp_f32, add_f32,       softmax_f32,
};

}  // namespace octavo
