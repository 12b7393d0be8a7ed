// Vectors of AVX2 under the names that vectors.h describes.
#ifndef OCTAVO_KERNELS_VECTORS_AVX2_H
#define OCTAVO_KERNELS_VECTORS_AVX2_H

#include <immintrin.h>
#include <stdint.h>

namespace octavo {
namespace {

constexpr int64_t lanes = 8;
constexpr bool masks_bytes = false;
struct Vec {
    __m256 v;
};
struct IVec {
    __m256i v;
};
struct DVec {
    __m256d v;
};
struct WVec {
    __m256i v;
};
struct BVec {
    __m256i v;
};
struct Mask {
    __m256i v;
};
struct DMask {
    __m256d v;
};

inline Mask first_lanes(int64_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return {_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n < 0 ? 0 : n > 8 ? 8 : n)), lane)};
}
inline Mask operator|(Mask a, Mask b) { return {_mm256_or_si256(a.v, b.v)}; }
inline Mask operator&(Mask a, Mask b) { return {_mm256_and_si256(a.v, b.v)}; }
inline int bits(Mask k) { return _mm256_movemask_ps(_mm256_castsi256_ps(k.v)); }

inline Vec vec(float x) { return {_mm256_set1_ps(x)}; }
inline Vec load(const float* x) { return {_mm256_loadu_ps(x)}; }
inline Vec load(const float* x, Mask k) { return {_mm256_maskload_ps(x, k.v)}; }
inline void store(float* y, Vec x) { _mm256_storeu_ps(y, x.v); }
inline void store(float* y, Vec x, Mask k) { _mm256_maskstore_ps(y, k.v, x.v); }
inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
inline Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Vec sqrt(Vec x) { return {_mm256_sqrt_ps(x.v)}; }
inline Vec abs(Vec x) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), x.v)}; }
inline Vec copy_sign(Vec magnitude, Vec sign) {
    const __m256 bit = _mm256_set1_ps(-0.0f);
    return {_mm256_or_ps(_mm256_andnot_ps(bit, magnitude.v), _mm256_and_ps(bit, sign.v))};
}
inline Vec whole_below(Vec x) { return {_mm256_floor_ps(x.v)}; }
inline Vec whole_above(Vec x) { return {_mm256_ceil_ps(x.v)}; }
inline Vec whole_nearest(Vec x) { return {_mm256_round_ps(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec select(Mask k, Vec a, Vec b) { return {_mm256_blendv_ps(b.v, a.v, _mm256_castsi256_ps(k.v))}; }
inline float sum_pairwise(const Vec (&v)[2]) {
    const __m256 eight = _mm256_add_ps(v[0].v, v[1].v);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
inline float max_of(Vec x) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x.v), _mm256_extractf128_ps(x.v, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
inline float min_of(Vec x) {
    const __m128 four = _mm_min_ps(_mm256_castps256_ps128(x.v), _mm256_extractf128_ps(x.v, 1));
    const __m128 two = _mm_min_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)));
}
inline Mask mask_of(__m256 compared) { return {_mm256_castps_si256(compared)}; }
inline Mask is_nan(Vec x) { return mask_of(_mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q)); }
inline Mask is_number(Vec x) { return mask_of(_mm256_cmp_ps(x.v, x.v, _CMP_ORD_Q)); }
inline Mask is_finite(Vec x) {
    const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x.v);
    return mask_of(_mm256_cmp_ps(magnitude, _mm256_set1_ps(__FLT_MAX__), _CMP_LE_OQ));
}
inline Mask operator>(Vec a, Vec b) { return mask_of(_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)); }

inline Vec gather(const float* x, IVec i) { return {_mm256_i32gather_ps(x, i.v, 4)}; }

inline IVec ivec(int32_t x) { return {_mm256_set1_epi32(x)}; }
inline IVec widen(const int32_t* x) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))}; }
inline IVec widen(const uint8_t* x) {
    return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)))};
}
inline IVec widen(const int8_t* x) {
    return {_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)))};
}
template <class T>
IVec widen_first(const T* x, int64_t n) {
    T first[8] = {};
    for (int64_t i = 0; i < n; i++) first[i] = x[i];
    return widen(first);
}
inline IVec operator+(IVec a, IVec b) { return {_mm256_add_epi32(a.v, b.v)}; }
inline IVec operator-(IVec a, IVec b) { return {_mm256_sub_epi32(a.v, b.v)}; }
inline IVec operator&(IVec a, IVec b) { return {_mm256_and_si256(a.v, b.v)}; }
inline IVec operator|(IVec a, IVec b) { return {_mm256_or_si256(a.v, b.v)}; }
inline IVec operator<<(IVec x, int n) { return {_mm256_slli_epi32(x.v, n)}; }
inline Vec as_floats(IVec x) { return {_mm256_castsi256_ps(x.v)}; }
inline IVec as_integers(Vec x) { return {_mm256_castps_si256(x.v)}; }
inline IVec exponent_bits(IVec x) { return {_mm256_srai_epi32(x.v, 23)}; }
inline IVec half(IVec x) { return {_mm256_srai_epi32(x.v, 1)}; }
inline IVec min(IVec a, IVec b) { return {_mm256_min_epi32(a.v, b.v)}; }
inline IVec max(IVec a, IVec b) { return {_mm256_max_epi32(a.v, b.v)}; }
inline IVec min_unsigned(IVec a, IVec b) { return {_mm256_min_epu32(a.v, b.v)}; }
inline IVec add_where(Mask k, IVec a, IVec b) { return {_mm256_add_epi32(a.v, _mm256_and_si256(k.v, b.v))}; }
inline IVec round(Vec x) { return {_mm256_cvtps_epi32(x.v)}; }
inline IVec floor(Vec x) { return {_mm256_cvttps_epi32(_mm256_floor_ps(x.v))}; }
inline Vec to_floats(IVec x) { return {_mm256_cvtepi32_ps(x.v)}; }
inline void store(uint32_t* y, IVec x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), x.v); }
inline void narrow(uint16_t* y, IVec a, IVec b) {
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(a.v, b.v), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), words);
}
inline __m128i low_bytes(IVec x) {
    const __m256i four = _mm256_shuffle_epi8(x.v, _mm256_set1_epi32(0x0c080400));
    return _mm_unpacklo_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
}
inline void narrow(uint8_t* y, IVec x) { _mm_storel_epi64(reinterpret_cast<__m128i*>(y), low_bytes(x)); }
inline void narrow_first(uint8_t* y, IVec x, int64_t n) {
    uint8_t all[8];
    narrow(all, x);
    for (int64_t i = 0; i < n; i++) y[i] = all[i];
}

inline WVec wvec(int x) { return {_mm256_set1_epi16(static_cast<int16_t>(x))}; }
inline WVec as_words(BVec x) { return {x.v}; }
inline WVec operator+(WVec a, WVec b) { return {_mm256_add_epi16(a.v, b.v)}; }
inline WVec operator-(WVec a, WVec b) { return {_mm256_sub_epi16(a.v, b.v)}; }
inline WVec operator<<(WVec x, int n) { return {_mm256_slli_epi16(x.v, n)}; }
inline WVec operator>>(WVec x, int n) { return {_mm256_srli_epi16(x.v, n)}; }
inline WVec add_saturated(WVec a, WVec b) { return {_mm256_adds_epi16(a.v, b.v)}; }
inline IVec unpack_low(WVec low, WVec high) { return {_mm256_unpacklo_epi16(low.v, high.v)}; }
inline IVec unpack_high(WVec low, WVec high) { return {_mm256_unpackhi_epi16(low.v, high.v)}; }
inline WVec pack_within(IVec a, IVec b) { return {_mm256_packs_epi32(a.v, b.v)}; }
template <class Code>
BVec pack_within(WVec a, WVec b) {
    return {is_signed<Code> ? _mm256_packs_epi16(a.v, b.v) : _mm256_packus_epi16(a.v, b.v)};
}
// Double word l * 4 + j of two levels of packs holds elements 8 j + 4 l and on.
inline BVec in_order(BVec x) { return {_mm256_permutevar8x32_epi32(x.v, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))}; }
inline BVec shuffle_within(BVec x, __m128i order) {
    return {_mm256_shuffle_epi8(x.v, _mm256_broadcastsi128_si256(order))};
}
template <class Code>
void widen_four(const Code* x, IVec (&q)[4]) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) q[j] = widen(x + 8 * j);
}
template <class Code>
BVec order_of_widened(BVec x) {
    return in_order(x);
}
inline BVec bvec(int x) { return {_mm256_set1_epi8(static_cast<char>(x))}; }
template <class Code>
BVec max(BVec a, BVec b) {
    return {is_signed<Code> ? _mm256_max_epi8(a.v, b.v) : _mm256_max_epu8(a.v, b.v)};
}
template <class Code>
BVec min(BVec a, BVec b) {
    return {is_signed<Code> ? _mm256_min_epi8(a.v, b.v) : _mm256_min_epu8(a.v, b.v)};
}
inline BVec operator^(BVec a, BVec b) { return {_mm256_xor_si256(a.v, b.v)}; }
inline BVec load(const uint8_t* x) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))}; }
inline void store(uint8_t* y, BVec x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), x.v); }
template <class Code>
void copy_first(Code (&to)[32], const Code* x, int64_t n) {
    for (Code& code : to) code = 0;
    for (int64_t i = 0; i < n; i++) to[i] = x[i];
}
inline BVec load_first(const uint8_t* x, int64_t n) {
    uint8_t first[32];
    copy_first(first, x, n);
    return load(first);
}
inline void store_first(uint8_t* y, BVec x, int64_t n) {
    uint8_t all[32];
    store(all, x);
    for (int64_t i = 0; i < n; i++) y[i] = all[i];
}

inline void store_first(uint8_t* y, __m128i x, int64_t n) {
    uint8_t all[16];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(all), x);
    for (int64_t i = 0; i < n; i++) y[i] = all[i];
}
inline BVec select_first(int64_t n, BVec a, BVec b) {
    const __m256i byte = _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    return {_mm256_blendv_epi8(b.v, a.v, _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(n)), byte))};
}

struct FirstBytes {
    int64_t n;

    explicit FirstBytes(int64_t number) : n(number) {}
};
inline BVec load(const uint8_t* x, FirstBytes k) { return load_first(x, k.n); }
inline void store(uint8_t* y, BVec x, FirstBytes k) { store_first(y, x, k.n); }

inline DVec dvec(double x) { return {_mm256_set1_pd(x)}; }
inline DVec load(const double* x) { return {_mm256_loadu_pd(x)}; }
inline void store(double* y, DVec x) { _mm256_storeu_pd(y, x.v); }
inline DVec low_half(Vec x) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(x.v))}; }
inline DVec high_half(Vec x) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1))}; }
inline DVec operator+(DVec a, DVec b) { return {_mm256_add_pd(a.v, b.v)}; }
inline DVec operator-(DVec a, DVec b) { return {_mm256_sub_pd(a.v, b.v)}; }
inline DVec operator*(DVec a, DVec b) { return {_mm256_mul_pd(a.v, b.v)}; }
inline DVec floor(DVec x) { return {_mm256_floor_pd(x.v)}; }
inline IVec truncate(DVec low, DVec high) {
    return {_mm256_set_m128i(_mm256_cvttpd_epi32(high.v), _mm256_cvttpd_epi32(low.v))};
}
inline DVec add_low(Mask k, DVec a, DVec b) {
    const __m256i half = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(k.v));
    return {_mm256_add_pd(a.v, _mm256_and_pd(b.v, _mm256_castsi256_pd(half)))};
}
inline DVec add_high(Mask k, DVec a, DVec b) {
    const __m256i half = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(k.v, 1));
    return {_mm256_add_pd(a.v, _mm256_and_pd(b.v, _mm256_castsi256_pd(half)))};
}

inline DMask first_double_lanes(int64_t n) {
    return {_mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)))};
}
inline DVec load(const double* x, DMask k) { return {_mm256_maskload_pd(x, _mm256_castpd_si256(k.v))}; }
inline void store(double* y, DVec x, DMask k) { _mm256_maskstore_pd(y, _mm256_castpd_si256(k.v), x.v); }
inline DVec lane_numbers() { return {_mm256_setr_pd(0, 1, 2, 3)}; }
inline DVec operator/(DVec a, DVec b) { return {_mm256_div_pd(a.v, b.v)}; }
inline DVec min(DVec a, DVec b) { return {_mm256_min_pd(a.v, b.v)}; }
inline DVec max(DVec a, DVec b) { return {_mm256_max_pd(a.v, b.v)}; }
inline DVec whole_nearest(DVec x) { return {_mm256_round_pd(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline DMask operator<(DVec a, DVec b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)}; }
inline DMask operator==(DVec a, DVec b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ)}; }
inline DMask operator&(DMask a, DMask b) { return {_mm256_and_pd(a.v, b.v)}; }
inline DVec select(DMask k, DVec a, DVec b) { return {_mm256_blendv_pd(b.v, a.v, k.v)}; }
inline DVec add_where(DMask k, DVec a, DVec b) { return {_mm256_add_pd(a.v, _mm256_and_pd(b.v, k.v))}; }
inline double min_of(DVec x) {
    const __m128d two = _mm_min_pd(_mm256_castpd256_pd128(x.v), _mm256_extractf128_pd(x.v, 1));
    return _mm_cvtsd_f64(_mm_min_sd(two, _mm_unpackhi_pd(two, two)));
}

}  // namespace
}  // namespace octavo

#endif
