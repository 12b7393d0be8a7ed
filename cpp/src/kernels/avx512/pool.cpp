// Pooling with AVX-512. Average of codes: sums in 16 bits while they fit (256 taps), then 32.
#include "kernels/pool.h"

#include <immintrin.h>

namespace octavo {
namespace {

constexpr int64_t buffer_bytes = 4096;

struct U8 {
    static __m512i max(__m512i a, __m512i b) { return _mm512_max_epu8(a, b); }
    static __m512i min(__m512i a, __m512i b) { return _mm512_min_epu8(a, b); }
    static __m128i max(__m128i a, __m128i b) { return _mm_max_epu8(a, b); }
    static constexpr int flip = 0;  // to unsigned bytes: x ^ flip
};

struct S8 {
    static __m512i max(__m512i a, __m512i b) { return _mm512_max_epi8(a, b); }
    static __m512i min(__m512i a, __m512i b) { return _mm512_min_epi8(a, b); }
    static __m128i max(__m128i a, __m128i b) { return _mm_max_epi8(a, b); }
    static constexpr int flip = 0x80;
};

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

// Any number of channels: each pixel by itself, 64 channels at a time.
template <class T>
void max_wide(const PoolRow& p, int64_t from, int64_t to) {
    const __m512i lo = _mm512_set1_epi8(static_cast<char>(p.lo)), hi = _mm512_set1_epi8(static_cast<char>(p.hi));
    for (int64_t i = from; i < to; i++) {
        const PoolSpan span = p.spans[i];
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + span.begin * p.channels;
        uint8_t* y = static_cast<uint8_t*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 64) {
            const __mmask64 k = first_bytes(p.channels - c);
            __m512i most = lo;
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++)
                    most = T::max(most, _mm512_mask_loadu_epi8(lo, k, x + r * p.row_stride + t * p.column_stride + c));
            _mm512_mask_storeu_epi8(y + c, k, T::min(most, hi));
        }
    }
}

// Up to 16 channels: the maximum over rows first, on all columns as one run of bytes; then over the columns of each window.
template <class T>
void max_narrow(const PoolRow& p) {
    alignas(64) uint8_t buffer[buffer_bytes + 128];
    const int64_t channels = p.channels;

    const __m512i lo = _mm512_set1_epi8(static_cast<char>(p.lo)), hi = _mm512_set1_epi8(static_cast<char>(p.hi));
    const __mmask16 pixel = first_lanes(channels);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    for (int64_t i = 0; i < p.width;) {
        int64_t start = 0, bytes = 0, end = i;
        for (; end < p.width; end++) {
            const PoolSpan& span = p.spans[end];
            const int64_t first = span.begin * channels, last = first + (span.taps - 1) * p.column_stride + channels;
            const int64_t low = end == i || first < start ? first : start;
            const int64_t high = end == i || last > start + bytes ? last : start + bytes;
            if (high - low > buffer_bytes) break;
            start = low;
            bytes = high - low;
        }
        if (end == i) {
            max_wide<T>(p, i, i + 1);
            i++;
            continue;
        }
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + start;
        for (int64_t b = 0; b < bytes; b += 64) {
            const __mmask64 k = first_bytes(bytes - b);
            __m512i most = lo;
            for (int64_t r = 0; r < p.rows; r++)
                most = T::max(most, _mm512_mask_loadu_epi8(lo, k, x + r * p.row_stride + b));
            _mm512_store_si512(buffer + b, T::min(most, hi));
        }
        for (; i < end; i++) {
            const PoolSpan span = p.spans[i];
            const uint8_t* from = buffer + span.begin * channels - start;
            __m128i most = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
            for (int32_t t = 1; t < span.taps; t++)
                most = T::max(most, _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + t * p.column_stride)));
            // A pixel may write into those after it, which are still to come.
            if ((p.width - i) * channels >= 16)
                _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i * channels), most);
            else
                _mm_mask_storeu_epi8(y + i * channels, pixel, most);
        }
    }
}

template <class T>
void max_codes(const PoolRow& p) {
    if (p.channels <= 16)
        max_narrow<T>(p);
    else
        max_wide<T>(p, 0, p.width);
}

void max_f32(const PoolRow& p) {
    for (int64_t i = 0; i < p.width; i++) {
        const PoolSpan span = p.spans[i];
        const float* x = static_cast<const float*>(p.x) + span.begin * p.channels;
        float* y = static_cast<float*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 16) {
            const __mmask16 k = first_lanes(p.channels - c);
            __m512 most = _mm512_maskz_loadu_ps(k, x + c);
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++) {
                    const __m512 v = _mm512_maskz_loadu_ps(k, x + r * p.row_stride + t * p.column_stride + c);
                    const __mmask16 greater =
                        _mm512_cmp_ps_mask(v, most, _CMP_GT_OQ) | _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
                    most = _mm512_mask_mov_ps(most, greater, v);
                }
            _mm512_mask_storeu_ps(y + c, k, most);
        }
    }
}

// What an average of codes needs beside the sum.
struct Rounding {
    __m512 m, z;
    __m512i zero_point, lo, hi, correction;
    bool fused;
};

// The codes of 16 channels from their raw sums; k: those in the form of whole vectors.
__m512i round_average(__m512i sum, __mmask16 k, const Rounding& r) {
    const __m512 s = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, r.correction));
    __m512i q = _mm512_cvtps_epi32(_mm512_add_ps(_mm512_mul_ps(s, r.m), r.z));
    if (k != 0) {
        const __m512i whole = r.fused ? _mm512_cvtps_epi32(_mm512_fmadd_ps(s, r.m, r.z))
                                      : _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(s, r.m)), r.zero_point);
        q = _mm512_mask_mov_epi32(q, k, whole);
    }
    return _mm512_min_epi32(_mm512_max_epi32(q, r.lo), r.hi);
}

template <class T>
void average_codes(const PoolRow& p) {
    Rounding rounding;
    rounding.z = _mm512_set1_ps(static_cast<float>(p.zero_point));
    rounding.zero_point = _mm512_set1_epi32(p.zero_point);
    rounding.lo = _mm512_set1_epi32(p.lo);
    rounding.hi = _mm512_set1_epi32(p.hi);
    rounding.fused = p.group_fused != 0;
    const __m256i flip = _mm256_set1_epi8(static_cast<char>(T::flip));
    for (int64_t i = 0; i < p.width; i++) {
        const PoolSpan span = p.spans[i];
        const int32_t taps = static_cast<int32_t>(p.rows * span.taps);
        rounding.m = _mm512_set1_ps(1.0f / static_cast<float>(p.row_divisor * span.divisor));
        rounding.correction = _mm512_set1_epi32(taps * (p.zero_point + T::flip));
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + span.begin * p.channels;
        uint8_t* y = static_cast<uint8_t*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 32) {
            const int64_t left = p.channels - c;
            const __mmask32 k = static_cast<__mmask32>(first_bytes(left));
            __m512i low = _mm512_setzero_si512(), high = low, sum = low;
            int pending = 0;
            const auto flush = [&] {
                low = _mm512_add_epi32(low, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(sum)));
                high = _mm512_add_epi32(high, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(sum, 1)));
                sum = _mm512_setzero_si512();
                pending = 0;
            };
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++) {
                    const __m256i v = _mm256_maskz_loadu_epi8(k, x + r * p.row_stride + t * p.column_stride + c);
                    sum = _mm512_add_epi16(sum, _mm512_cvtepu8_epi16(_mm256_xor_si256(v, flip)));
                    if (++pending == 256) flush();
                }
            flush();
            const __m512i q = round_average(low, first_lanes(p.group_channels - c), rounding);
            _mm512_mask_cvtepi32_storeu_epi8(y + c, first_lanes(left), q);
            if (left > 16) {
                const __m512i h = round_average(high, first_lanes(p.group_channels - c - 16), rounding);
                _mm512_mask_cvtepi32_storeu_epi8(y + c + 16, first_lanes(left - 16), h);
            }
        }
    }
}

void average_f32(const PoolRow& p) {
    for (int64_t i = 0; i < p.width; i++) {
        const PoolSpan span = p.spans[i];
        const __m512 divisor = _mm512_set1_ps(static_cast<float>(p.row_divisor * span.divisor));
        const float* x = static_cast<const float*>(p.x) + span.begin * p.channels;
        float* y = static_cast<float*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 16) {
            const __mmask16 k = first_lanes(p.channels - c);
            __m512 sum = _mm512_setzero_ps();
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++)
                    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(k, x + r * p.row_stride + t * p.column_stride + c));
            _mm512_mask_storeu_ps(y + c, k, _mm512_div_ps(sum, divisor));
        }
    }
}

}  // namespace

const PoolKernels pool_avx512 = {
    "avx512", max_codes<U8>, max_codes<S8>, max_f32, average_codes<U8>, average_codes<S8>, average_f32,
};

}  // namespace octavo
