// Pooling with AVX-512. Average of codes: sums in 16 bits while they fit (256 taps), then 32. Even and odd channels apart, so that
// bytes become words by one shift.
#include "kernels/pool.h"

#include <immintrin.h>

#include "kernels/pool_ahead.h"

namespace octavo {
namespace {

constexpr int64_t buffer_bytes = 4096;

struct U8 {
    static __m512i max(__m512i a, __m512i b) { return _mm512_max_epu8(a, b); }
    static __m512i min(__m512i a, __m512i b) { return _mm512_min_epu8(a, b); }
    static __m128i max(__m128i a, __m128i b) { return _mm_max_epu8(a, b); }
    static __m512i pack(__m512i a, __m512i b) { return _mm512_packus_epi16(a, b); }
    static constexpr int flip = 0;  // to unsigned bytes: x ^ flip
};

struct S8 {
    static __m512i max(__m512i a, __m512i b) { return _mm512_max_epi8(a, b); }
    static __m512i min(__m512i a, __m512i b) { return _mm512_min_epi8(a, b); }
    static __m128i max(__m128i a, __m128i b) { return _mm_max_epi8(a, b); }
    static __m512i pack(__m512i a, __m512i b) { return _mm512_packs_epi16(a, b); }
    static constexpr int flip = 0x80;
};

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

// The limits of a maximum in registers, and the bytes of 64 that are there.
struct Limits {
    __m512i lo, hi;
    __mmask64 k;
};

// The maximum over the rows of a column, of 64 channels from x on. Rows: 0 for any number; full: all 64 are there.
template <class T, int rows, bool full>
__m512i column_max(const uint8_t* x, const PoolRow& p, const Limits& limits) {
    __m512i most = limits.lo;
    const int64_t n = rows != 0 ? rows : p.rows;
#pragma GCC unroll 4
    for (int64_t r = 0; r < n; r++) {
        const uint8_t* from = x + r * p.row_stride;
        most = T::max(most, full ? _mm512_loadu_si512(from) : _mm512_mask_loadu_epi8(limits.lo, limits.k, from));
    }
    return most;
}

template <class T, bool full>
void store_max(uint8_t* y, __m512i most, const Limits& limits) {
    if (full)
        _mm512_storeu_si512(y, T::min(most, limits.hi));
    else
        _mm512_mask_storeu_epi8(y, limits.k, T::min(most, limits.hi));
}

// The windows [from, to) by themselves, for 64 channels from c on.
template <class T, int rows, bool full>
void max_windows(const PoolRow& p, int64_t from, int64_t to, int64_t c, const Limits& limits) {
    for (int64_t i = from; i < to; i++) {
        if (c == 0) fetch_soon(p, i);
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + p.spans[i].begin * p.channels + c;
        __m512i most = limits.lo;
        for (int32_t t = 0; t < p.spans[i].taps; t++)
            most = T::max(most, column_max<T, rows, full>(x + t * p.column_stride, p, limits));
        store_max<T, full>(static_cast<uint8_t*>(p.y) + i * p.channels + c, most, limits);
    }
}

// All windows for 64 channels from c on. Regular windows side by side that share a column or none take each column once.
template <class T, int rows, bool full>
void max_channels(const PoolRow& p, int64_t c, const Limits& limits) {
    const PoolSpan first = p.spans[p.regular_begin];
    const bool shared = first.taps == p.stride + 1;
    if (p.column_stride != p.channels || (!shared && first.taps != p.stride)) {
        max_windows<T, rows, full>(p, 0, p.width, c, limits);
        return;
    }
    max_windows<T, rows, full>(p, 0, p.regular_begin, c, limits);
    const uint8_t* x = static_cast<const uint8_t*>(p.x) + first.begin * p.channels + c;
    uint8_t* y = static_cast<uint8_t*>(p.y) + c;
    __m512i last = limits.lo;
    if (shared) {
        last = column_max<T, rows, full>(x, p, limits);
        x += p.channels;
    }
    for (int64_t i = p.regular_begin; i < p.regular_end; i++) {
        if (c == 0) fetch_soon(p, i);
        __m512i most = last;
        for (int64_t t = 0; t < p.stride; t++, x += p.channels) {
            last = column_max<T, rows, full>(x, p, limits);
            most = T::max(most, last);
        }
        if (!shared) last = limits.lo;
        store_max<T, full>(y + i * p.channels, most, limits);
    }
    max_windows<T, rows, full>(p, p.regular_end, p.width, c, limits);
}

template <class T, int rows>
void max_wide(const PoolRow& p) {
    Limits limits{_mm512_set1_epi8(static_cast<char>(p.lo)), _mm512_set1_epi8(static_cast<char>(p.hi)), 0};
    int64_t c = 0;
    for (; c + 64 <= p.channels; c += 64) max_channels<T, rows, true>(p, c, limits);
    limits.k = first_bytes(p.channels - c);
    if (c < p.channels) max_channels<T, rows, false>(p, c, limits);
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
            max_windows<T, 0, false>(p, i, i + 1, 0, {lo, hi, first_bytes(channels)});
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
    else if (p.rows == 2)
        max_wide<T, 2>(p);
    else if (p.rows == 3)
        max_wide<T, 3>(p);
    else
        max_wide<T, 0>(p);
}

void max_f32(const PoolRow& p) {
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
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

constexpr int64_t most_word_taps = 256;

// Of 64 channels the even and the odd ones, as unsigned words.
struct Words {
    __m512i even, odd;
};

// Their sums over a window of at most 256 taps.
template <class T>
Words sum_words(const uint8_t* x, __mmask64 k, int64_t rows, int64_t row_stride, int64_t taps, int64_t column_stride) {
    __m512i all = _mm512_setzero_si512(), odd = all;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < taps; t++) {
            __m512i v = _mm512_maskz_loadu_epi8(k, x + r * row_stride + t * column_stride);
            if (T::flip != 0) v = _mm512_xor_si512(v, _mm512_set1_epi8(static_cast<char>(T::flip)));
            all = _mm512_add_epi16(all, v);
            odd = _mm512_add_epi16(odd, _mm512_srli_epi16(v, 8));
        }
    return {_mm512_sub_epi16(all, _mm512_slli_epi16(odd, 8)), odd};
}

// The same as 32-bit numbers in the order of unpacks: even channels low and high, odd channels low and high.
struct Sums {
    __m512i part[4];

    explicit Sums(const Words& w, __m512i upper)
        : part{_mm512_unpacklo_epi16(w.even, upper), _mm512_unpackhi_epi16(w.even, upper),
               _mm512_unpacklo_epi16(w.odd, upper), _mm512_unpackhi_epi16(w.odd, upper)} {}
};

// What an average of codes needs beside the sums.
struct Rounding {
    __m512 m, z;
    __m512i zero_point, lo, hi;
};

enum class Form { single, whole, fused };

// The codes of 64 channels from their sums of differences, in that order.
template <class T, Form form>
__m512i round_average(const __m512 (&s)[4], const Rounding& r) {
    __m512i q[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const __m512 v = form == Form::fused   ? _mm512_fmadd_ps(s[i], r.m, r.z)
                         : form == Form::whole ? _mm512_mul_ps(s[i], r.m)
                                               : _mm512_add_ps(_mm512_mul_ps(s[i], r.m), r.z);
        q[i] = _mm512_cvtps_epi32(v);
    }
    __m512i even = _mm512_packs_epi32(q[0], q[1]), odd = _mm512_packs_epi32(q[2], q[3]);
    if (form == Form::whole) {
        even = _mm512_add_epi16(even, r.zero_point);
        odd = _mm512_add_epi16(odd, r.zero_point);
    }
    const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    return T::min(T::max(_mm512_shuffle_epi8(T::pack(even, odd), order), r.lo), r.hi);
}

template <class T>
void average_codes(const PoolRow& p) {
    Rounding rounding;
    rounding.z = _mm512_set1_ps(static_cast<float>(p.zero_point));
    rounding.zero_point = _mm512_set1_epi16(static_cast<int16_t>(p.zero_point));
    rounding.lo = _mm512_set1_epi8(static_cast<char>(p.lo));
    rounding.hi = _mm512_set1_epi8(static_cast<char>(p.hi));
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
        const PoolSpan span = p.spans[i];
        const int64_t taps = p.rows * span.taps;
        const int32_t correction = static_cast<int32_t>(taps) * (p.zero_point + T::flip);
        rounding.m = _mm512_set1_ps(1.0f / static_cast<float>(p.row_divisor * span.divisor));
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + span.begin * p.channels;
        uint8_t* y = static_cast<uint8_t*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 64, x += 64) {
            const __mmask64 k = first_bytes(p.channels - c);
            __m512 s[4];
            if (taps <= most_word_taps) {
                // Under the upper half of 2^23 a word is the float 2^23 + word.
                const Sums sums(sum_words<T>(x, k, p.rows, p.row_stride, span.taps, p.column_stride),
                                _mm512_set1_epi16(0x4b00));
                const __m512 shift = _mm512_set1_ps(0x1p23f + static_cast<float>(correction));
                for (int j = 0; j < 4; j++) s[j] = _mm512_sub_ps(_mm512_castsi512_ps(sums.part[j]), shift);
            } else {
                __m512i total[4] = {};
                for (int64_t r = 0; r < p.rows; r++)
                    for (int64_t t = 0; t < span.taps; t += most_word_taps) {
                        const int64_t some = span.taps - t < most_word_taps ? span.taps - t : most_word_taps;
                        const uint8_t* from = x + r * p.row_stride + t * p.column_stride;
                        const Sums sums(sum_words<T>(from, k, 1, 0, some, p.column_stride), _mm512_setzero_si512());
                        for (int j = 0; j < 4; j++) total[j] = _mm512_add_epi32(total[j], sums.part[j]);
                    }
                for (int j = 0; j < 4; j++)
                    s[j] = _mm512_cvtepi32_ps(_mm512_sub_epi32(total[j], _mm512_set1_epi32(correction)));
            }
            const int64_t whole = p.group_channels - c;
            __m512i q;
            if (whole <= 0)
                q = round_average<T, Form::single>(s, rounding);
            else
                q = p.group_fused != 0 ? round_average<T, Form::fused>(s, rounding)
                                       : round_average<T, Form::whole>(s, rounding);
            if (whole > 0 && whole < 64 && whole < p.channels - c)
                q = _mm512_mask_mov_epi8(round_average<T, Form::single>(s, rounding), first_bytes(whole), q);
            _mm512_mask_storeu_epi8(y + c, k, q);
        }
    }
}

void average_f32(const PoolRow& p) {
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
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
