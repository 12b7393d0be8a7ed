// Vectors of AVX-512 under the names that vectors.h describes.
#ifndef OCTAVO_KERNELS_VECTORS_AVX512_H
#define OCTAVO_KERNELS_VECTORS_AVX512_H

#include <immintrin.h>
#include <stdint.h>

namespace octavo {
namespace {

constexpr int64_t lanes = 16;
constexpr bool masks_bytes = true;
struct Vec {
    __m512 v;
};
struct IVec {
    __m512i v;
};
struct DVec {
    __m512d v;
};
struct WVec {
    __m512i v;
};
struct BVec {
    __m512i v;
};
struct Mask {
    __mmask16 v;
};
struct DMask {
    __mmask8 v;
};

inline Mask first_lanes(int64_t n) { return {static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1)}; }
inline __mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }
inline Mask operator|(Mask a, Mask b) { return {static_cast<__mmask16>(a.v | b.v)}; }
inline Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.v & b.v)}; }
inline int bits(Mask k) { return k.v; }

inline Vec vec(float x) { return {_mm512_set1_ps(x)}; }
inline Vec load(const float* x) { return {_mm512_loadu_ps(x)}; }
inline Vec load(const float* x, Mask k) { return {_mm512_maskz_loadu_ps(k.v, x)}; }
inline void store(float* y, Vec x) { _mm512_storeu_ps(y, x.v); }
inline void store(float* y, Vec x, Mask k) { _mm512_mask_storeu_ps(y, k.v, x.v); }
inline Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
inline Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec sqrt(Vec x) { return {_mm512_sqrt_ps(x.v)}; }
inline Vec abs(Vec x) { return {_mm512_abs_ps(x.v)}; }
inline Vec copy_sign(Vec magnitude, Vec sign) {
    const __m512 bit = _mm512_set1_ps(-0.0f);
    return {_mm512_or_ps(_mm512_andnot_ps(bit, magnitude.v), _mm512_and_ps(bit, sign.v))};
}
inline Vec whole_below(Vec x) { return {_mm512_roundscale_ps(x.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)}; }
inline Vec whole_above(Vec x) { return {_mm512_roundscale_ps(x.v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)}; }
inline Vec whole_nearest(Vec x) { return {_mm512_roundscale_ps(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec select(Mask k, Vec a, Vec b) { return {_mm512_mask_blend_ps(k.v, b.v, a.v)}; }
inline float sum_pairwise(const Vec (&v)[1]) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v[0].v), _mm512_extractf32x8_ps(v[0].v, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
inline float max_of(Vec x) { return _mm512_reduce_max_ps(x.v); }
inline float min_of(Vec x) { return _mm512_reduce_min_ps(x.v); }
inline Mask is_nan(Vec x) { return {_mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q)}; }
inline Mask is_number(Vec x) { return {_mm512_cmp_ps_mask(x.v, x.v, _CMP_ORD_Q)}; }
inline Mask is_finite(Vec x) {
    return {_mm512_cmp_ps_mask(_mm512_abs_ps(x.v), _mm512_set1_ps(__FLT_MAX__), _CMP_LE_OQ)};
}
inline Mask operator>(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }

inline Vec gather(const float* x, IVec i) { return {_mm512_i32gather_ps(i.v, x, 4)}; }

inline IVec ivec(int32_t x) { return {_mm512_set1_epi32(x)}; }
inline IVec widen(const int32_t* x) { return {_mm512_loadu_si512(x)}; }
inline IVec widen(const uint8_t* x) {
    return {_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)))};
}
inline IVec widen(const int8_t* x) {
    return {_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)))};
}
inline IVec widen_first(const int32_t* x, int64_t n) { return {_mm512_maskz_loadu_epi32(first_lanes(n).v, x)}; }
inline IVec widen_first(const uint8_t* x, int64_t n) {
    return {_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(n).v, x))};
}
inline IVec widen_first(const int8_t* x, int64_t n) {
    return {_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first_lanes(n).v, x))};
}
inline IVec operator+(IVec a, IVec b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline IVec operator-(IVec a, IVec b) { return {_mm512_sub_epi32(a.v, b.v)}; }
inline IVec operator&(IVec a, IVec b) { return {_mm512_and_si512(a.v, b.v)}; }
inline IVec operator|(IVec a, IVec b) { return {_mm512_or_si512(a.v, b.v)}; }
inline IVec operator<<(IVec x, int n) { return {_mm512_slli_epi32(x.v, n)}; }
inline Vec as_floats(IVec x) { return {_mm512_castsi512_ps(x.v)}; }
inline IVec as_integers(Vec x) { return {_mm512_castps_si512(x.v)}; }
inline IVec exponent_bits(IVec x) { return {_mm512_srai_epi32(x.v, 23)}; }
inline IVec half(IVec x) { return {_mm512_srai_epi32(x.v, 1)}; }
inline IVec min(IVec a, IVec b) { return {_mm512_min_epi32(a.v, b.v)}; }
inline IVec max(IVec a, IVec b) { return {_mm512_max_epi32(a.v, b.v)}; }
inline IVec min_unsigned(IVec a, IVec b) { return {_mm512_min_epu32(a.v, b.v)}; }
inline IVec add_where(Mask k, IVec a, IVec b) { return {_mm512_mask_add_epi32(a.v, k.v, a.v, b.v)}; }
inline IVec round(Vec x) { return {_mm512_cvtps_epi32(x.v)}; }
inline IVec floor(Vec x) { return {_mm512_cvt_roundps_epi32(x.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)}; }
inline Vec to_floats(IVec x) { return {_mm512_cvtepi32_ps(x.v)}; }
inline void store(uint32_t* y, IVec x) { _mm512_storeu_si512(y, x.v); }
inline void narrow(uint16_t* y, IVec a, IVec b) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), _mm512_cvtepi32_epi16(a.v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + 16), _mm512_cvtepi32_epi16(b.v));
}
inline void narrow(uint8_t* y, IVec x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm512_cvtepi32_epi8(x.v)); }
inline void narrow_first(uint8_t* y, IVec x, int64_t n) { _mm512_mask_cvtepi32_storeu_epi8(y, first_lanes(n).v, x.v); }

inline WVec wvec(int x) { return {_mm512_set1_epi16(static_cast<int16_t>(x))}; }
inline WVec as_words(BVec x) { return {x.v}; }
inline WVec operator+(WVec a, WVec b) { return {_mm512_add_epi16(a.v, b.v)}; }
inline WVec operator-(WVec a, WVec b) { return {_mm512_sub_epi16(a.v, b.v)}; }
inline WVec operator<<(WVec x, int n) { return {_mm512_slli_epi16(x.v, n)}; }
inline WVec operator>>(WVec x, int n) { return {_mm512_srli_epi16(x.v, n)}; }
inline WVec add_saturated(WVec a, WVec b) { return {_mm512_adds_epi16(a.v, b.v)}; }
inline IVec unpack_low(WVec low, WVec high) { return {_mm512_unpacklo_epi16(low.v, high.v)}; }
inline IVec unpack_high(WVec low, WVec high) { return {_mm512_unpackhi_epi16(low.v, high.v)}; }
inline WVec pack_within(IVec a, IVec b) { return {_mm512_packs_epi32(a.v, b.v)}; }
template <class Code>
BVec pack_within(WVec a, WVec b) {
    return {is_signed<Code> ? _mm512_packs_epi16(a.v, b.v) : _mm512_packus_epi16(a.v, b.v)};
}
// Double word l * 4 + j of two levels of packs holds elements 16 j + 4 l and on.
inline BVec in_order(BVec x) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return {_mm512_permutexvar_epi32(order, x.v)};
}
inline BVec shuffle_within(BVec x, __m128i order) { return {_mm512_shuffle_epi8(x.v, _mm512_broadcast_i32x4(order))}; }
// Widened within lanes of 128 bits, as packs take them, which then leave them in order.
inline void widen_four(const uint8_t* x, IVec (&q)[4]) {
    const __m512i bytes = _mm512_loadu_si512(x);
    const __m512i four = _mm512_set1_epi32(4);
    __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1));
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++, order = _mm512_add_epi32(order, four)) q[j].v = _mm512_shuffle_epi8(bytes, order);
}
inline void widen_four(const int8_t* x, IVec (&q)[4]) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) q[j] = widen(x + 16 * j);
}
template <class Code>
BVec order_of_widened(BVec x) {
    return is_signed<Code> ? in_order(x) : x;
}
inline BVec bvec(int x) { return {_mm512_set1_epi8(static_cast<char>(x))}; }
template <class Code>
BVec max(BVec a, BVec b) {
    return {is_signed<Code> ? _mm512_max_epi8(a.v, b.v) : _mm512_max_epu8(a.v, b.v)};
}
template <class Code>
BVec min(BVec a, BVec b) {
    return {is_signed<Code> ? _mm512_min_epi8(a.v, b.v) : _mm512_min_epu8(a.v, b.v)};
}
inline BVec operator^(BVec a, BVec b) { return {_mm512_xor_si512(a.v, b.v)}; }
inline BVec load(const uint8_t* x) { return {_mm512_loadu_si512(x)}; }
inline BVec load_first(const uint8_t* x, int64_t n) { return {_mm512_maskz_loadu_epi8(first_bytes(n), x)}; }
template <class Code>
void copy_first(Code (&to)[64], const Code* x, int64_t n) {
    _mm512_storeu_si512(to, _mm512_maskz_loadu_epi8(first_bytes(n), x));
}
inline void store(uint8_t* y, BVec x) { _mm512_storeu_si512(y, x.v); }
inline void store_first(uint8_t* y, BVec x, int64_t n) { _mm512_mask_storeu_epi8(y, first_bytes(n), x.v); }

inline void store_first(uint8_t* y, __m128i x, int64_t n) { _mm_mask_storeu_epi8(y, first_lanes(n).v, x); }
inline BVec select_first(int64_t n, BVec a, BVec b) { return {_mm512_mask_mov_epi8(b.v, first_bytes(n), a.v)}; }

struct FirstBytes {
    __mmask64 mask;

    explicit FirstBytes(int64_t n) : mask(first_bytes(n)) {}
};
inline BVec load(const uint8_t* x, FirstBytes k) { return {_mm512_maskz_loadu_epi8(k.mask, x)}; }
inline void store(uint8_t* y, BVec x, FirstBytes k) { _mm512_mask_storeu_epi8(y, k.mask, x.v); }

inline DVec dvec(double x) { return {_mm512_set1_pd(x)}; }
inline DVec load(const double* x) { return {_mm512_loadu_pd(x)}; }
inline void store(double* y, DVec x) { _mm512_storeu_pd(y, x.v); }
inline DVec low_half(Vec x) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.v))}; }
inline DVec high_half(Vec x) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1))}; }
inline DVec operator+(DVec a, DVec b) { return {_mm512_add_pd(a.v, b.v)}; }
inline DVec operator-(DVec a, DVec b) { return {_mm512_sub_pd(a.v, b.v)}; }
inline DVec operator*(DVec a, DVec b) { return {_mm512_mul_pd(a.v, b.v)}; }
inline DVec floor(DVec x) { return {_mm512_roundscale_pd(x.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)}; }
inline IVec truncate(DVec low, DVec high) {
    const __m512i first = _mm512_castsi256_si512(_mm512_cvttpd_epi32(low.v));
    return {_mm512_inserti64x4(first, _mm512_cvttpd_epi32(high.v), 1)};
}
inline DVec add_low(Mask k, DVec a, DVec b) { return {_mm512_mask_add_pd(a.v, static_cast<__mmask8>(k.v), a.v, b.v)}; }
inline DVec add_high(Mask k, DVec a, DVec b) {
    return {_mm512_mask_add_pd(a.v, static_cast<__mmask8>(k.v >> 8), a.v, b.v)};
}

inline DMask first_double_lanes(int64_t n) {
    return {static_cast<__mmask8>(n >= 8 ? 0xff : n <= 0 ? 0 : (1u << n) - 1)};
}
inline DVec load(const double* x, DMask k) { return {_mm512_maskz_loadu_pd(k.v, x)}; }
inline void store(double* y, DVec x, DMask k) { _mm512_mask_storeu_pd(y, k.v, x.v); }
inline DVec lane_numbers() { return {_mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7)}; }
inline DVec operator/(DVec a, DVec b) { return {_mm512_div_pd(a.v, b.v)}; }
inline DVec min(DVec a, DVec b) { return {_mm512_min_pd(a.v, b.v)}; }
inline DVec max(DVec a, DVec b) { return {_mm512_max_pd(a.v, b.v)}; }
inline DVec whole_nearest(DVec x) { return {_mm512_roundscale_pd(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline DMask operator<(DVec a, DVec b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ)}; }
inline DMask operator==(DVec a, DVec b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ)}; }
inline DMask operator&(DMask a, DMask b) { return {static_cast<__mmask8>(a.v & b.v)}; }
inline DVec select(DMask k, DVec a, DVec b) { return {_mm512_mask_blend_pd(k.v, b.v, a.v)}; }
inline DVec add_where(DMask k, DVec a, DVec b) { return {_mm512_mask_add_pd(a.v, k.v, a.v, b.v)}; }
inline double min_of(DVec x) { return _mm512_reduce_min_pd(x.v); }

}  // namespace
}  // namespace octavo

#endif
