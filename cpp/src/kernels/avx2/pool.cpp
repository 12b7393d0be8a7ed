// Pooling with AVX2. Average of codes: sums in 16 bits while they fit (256 taps), then 32, even and odd channels apart, so that
// bytes become words by one shift. Channel tails repeat the last channels of the vector before them where there are enough channels.
#include "kernels/pool.h"

#include <immintrin.h>

#include "kernels/pool_ahead.h"

namespace octavo {
namespace {

constexpr int64_t buffer_bytes = 4096;

struct U8 {
    static __m256i max(__m256i a, __m256i b) { return _mm256_max_epu8(a, b); }
    static __m256i min(__m256i a, __m256i b) { return _mm256_min_epu8(a, b); }
    static __m128i max(__m128i a, __m128i b) { return _mm_max_epu8(a, b); }
    static __m256i pack(__m256i a, __m256i b) { return _mm256_packus_epi16(a, b); }
    using Type = uint8_t;
    static constexpr int flip = 0;  // to unsigned bytes: x ^ flip
};

struct S8 {
    static __m256i max(__m256i a, __m256i b) { return _mm256_max_epi8(a, b); }
    static __m256i min(__m256i a, __m256i b) { return _mm256_min_epi8(a, b); }
    static __m128i max(__m128i a, __m128i b) { return _mm_max_epi8(a, b); }
    static __m256i pack(__m256i a, __m256i b) { return _mm256_packs_epi16(a, b); }
    using Type = int8_t;
    static constexpr int flip = 0x80;
};

__m256i load32(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

__m128i load8(const void* p) { return _mm_loadl_epi64(static_cast<const __m128i*>(p)); }

__m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

template <class T>
typename T::Type limited_max(const typename T::Type* x, int64_t rows, int64_t row_stride, int64_t taps,
                             int64_t column_stride, int32_t lo, int32_t hi) {
    int32_t most = lo;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < taps; t++) {
            const int32_t v = x[r * row_stride + t * column_stride];
            most = v > most ? v : most;
        }
    return static_cast<typename T::Type>(most < hi ? most : hi);
}

// Of 32 * vectors channels.
template <int vectors>
struct Maxima {
    __m256i part[vectors];
};

template <class T, int vectors>
void take_max(const Maxima<vectors>& other, Maxima<vectors>* most) {
    for (int v = 0; v < vectors; v++) most->part[v] = T::max(most->part[v], other.part[v]);
}

template <int vectors>
Maxima<vectors> least(const PoolRow& p) {
    Maxima<vectors> most;
    for (int v = 0; v < vectors; v++) most.part[v] = _mm256_set1_epi8(static_cast<char>(p.lo));
    return most;
}

// The maximum over the rows of a column, of channels from x on. Rows: 0 for any number.
template <class T, int rows, int vectors>
Maxima<vectors> column_max(const uint8_t* x, const PoolRow& p) {
    Maxima<vectors> most = least<vectors>(p);
    const int64_t n = rows != 0 ? rows : p.rows;
#pragma GCC unroll 4
    for (int64_t r = 0; r < n; r++)
        for (int v = 0; v < vectors; v++) most.part[v] = T::max(most.part[v], load32(x + r * p.row_stride + 32 * v));
    return most;
}

template <class T, int vectors>
void store_max(uint8_t* y, const Maxima<vectors>& most, const PoolRow& p) {
    const __m256i hi = _mm256_set1_epi8(static_cast<char>(p.hi));
    for (int v = 0; v < vectors; v++)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + 32 * v), T::min(most.part[v], hi));
}

// The windows [from, to) by themselves, for the channels from c on.
template <class T, int rows, int vectors>
void max_windows(const PoolRow& p, int64_t from, int64_t to, int64_t c) {
    for (int64_t i = from; i < to; i++) {
        if (c == 0) fetch_soon(p, i);
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + p.spans[i].begin * p.channels + c;
        Maxima<vectors> most = least<vectors>(p);
        for (int32_t t = 0; t < p.spans[i].taps; t++)
            take_max<T>(column_max<T, rows, vectors>(x + t * p.column_stride, p), &most);
        store_max<T>(static_cast<uint8_t*>(p.y) + i * p.channels + c, most, p);
    }
}

// All windows for the channels from c on. Regular windows side by side that share a column or none take each column once.
template <class T, int rows, int vectors>
void max_channels(const PoolRow& p, int64_t c) {
    const PoolSpan first = p.spans[p.regular_begin];
    const bool shared = first.taps == p.stride + 1;
    if (p.column_stride != p.channels || (!shared && first.taps != p.stride)) {
        max_windows<T, rows, vectors>(p, 0, p.width, c);
        return;
    }
    max_windows<T, rows, vectors>(p, 0, p.regular_begin, c);
    const uint8_t* x = static_cast<const uint8_t*>(p.x) + first.begin * p.channels + c;
    uint8_t* y = static_cast<uint8_t*>(p.y) + c;
    Maxima<vectors> last = least<vectors>(p);
    if (shared) {
        last = column_max<T, rows, vectors>(x, p);
        x += p.channels;
    }
    for (int64_t i = p.regular_begin; i < p.regular_end; i++) {
        if (c == 0) fetch_soon(p, i);
        Maxima<vectors> most = last;
        for (int64_t t = 0; t < p.stride; t++, x += p.channels) {
            last = column_max<T, rows, vectors>(x, p);
            take_max<T>(last, &most);
        }
        if (!shared) last = least<vectors>(p);
        store_max<T>(y + i * p.channels, most, p);
    }
    max_windows<T, rows, vectors>(p, p.regular_end, p.width, c);
}

// At least 32 channels, the last vector overlapping the one before it. A cache line at a time.
template <class T, int rows>
void max_wide(const PoolRow& p) {
    int64_t c = 0;
    for (; c + 64 <= p.channels; c += 64) max_channels<T, rows, 2>(p, c);
    for (; c < p.channels; c += 32) max_channels<T, rows, 1>(p, c + 32 > p.channels ? p.channels - 32 : c);
}

// One window, channel by channel.
template <class T>
void max_pixel(const PoolRow& p, int64_t i) {
    using E = typename T::Type;
    const E* x = static_cast<const E*>(p.x) + p.spans[i].begin * p.channels;
    for (int64_t c = 0; c < p.channels; c++)
        static_cast<E*>(p.y)[i * p.channels + c] =
            limited_max<T>(x + c, p.rows, p.row_stride, p.spans[i].taps, p.column_stride, p.lo, p.hi);
}

// Fewer than 32 channels: the maximum over rows first, on all columns as one run of bytes; then over the columns of each
// window.
template <class T>
void max_narrow(const PoolRow& p) {
    alignas(64) uint8_t buffer[buffer_bytes + 64];
    const int64_t channels = p.channels;
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
            max_pixel<T>(p, i);
            i++;
            continue;
        }
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + start;
        int64_t b = 0;
        for (; b + 32 <= bytes; b += 32) store_max<T>(buffer + b, column_max<T, 0, 1>(x + b, p), p);
        if (b < bytes && bytes >= 32) {
            b = bytes - 32;
            store_max<T>(buffer + b, column_max<T, 0, 1>(x + b, p), p);
            b = bytes;
        }
        for (; b < bytes; b++) {
            using E = typename T::Type;
            reinterpret_cast<E*>(buffer)[b] =
                limited_max<T>(reinterpret_cast<const E*>(x) + b, p.rows, p.row_stride, 1, 0, p.lo, p.hi);
        }
        for (; i < end; i++) {
            const PoolSpan span = p.spans[i];
            const uint8_t* from = buffer + span.begin * channels - start;
            uint8_t* to = y + i * channels;
            // A pixel may write into those after it, which are still to come.
            if (channels <= 8 && (p.width - i) * channels >= 8) {
                __m128i most = load8(from);
                for (int32_t t = 1; t < span.taps; t++) most = T::max(most, load8(from + t * p.column_stride));
                _mm_storel_epi64(reinterpret_cast<__m128i*>(to), most);
            } else if (channels <= 16) {
                __m128i most = load16(from);
                for (int32_t t = 1; t < span.taps; t++) most = T::max(most, load16(from + t * p.column_stride));
                if ((p.width - i) * channels >= 16) {
                    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), most);
                } else {
                    uint8_t last[16];
                    _mm_storeu_si128(reinterpret_cast<__m128i*>(last), most);
                    for (int64_t c = 0; c < channels; c++) to[c] = last[c];
                }
            } else {
                __m256i most = load32(from);
                for (int32_t t = 1; t < span.taps; t++) most = T::max(most, load32(from + t * p.column_stride));
                if ((p.width - i) * channels >= 32) {
                    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), most);
                } else {
                    uint8_t last[32];
                    _mm256_storeu_si256(reinterpret_cast<__m256i*>(last), most);
                    for (int64_t c = 0; c < channels; c++) to[c] = last[c];
                }
            }
        }
    }
}

template <class T>
void max_codes(const PoolRow& p) {
    if (p.channels < 32)
        max_narrow<T>(p);
    else if (p.rows == 2)
        max_wide<T, 2>(p);
    else if (p.rows == 3)
        max_wide<T, 3>(p);
    else
        max_wide<T, 0>(p);
}

// The first n of 8 lanes.
__m256i first_lanes(int64_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n < 0 ? 0 : n > 8 ? 8 : n)), lane);
}

// Masked stores are slow on AMD's CPUs.
void store_lanes(float* y, __m256 v, __m256i k, int64_t n) {
    if (n >= 8)
        _mm256_storeu_ps(y, v);
    else
        _mm256_maskstore_ps(y, k, v);
}

void max_f32(const PoolRow& p) {
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
        const PoolSpan span = p.spans[i];
        const float* x = static_cast<const float*>(p.x) + span.begin * p.channels;
        float* y = static_cast<float*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 8) {
            const __m256i k = first_lanes(p.channels - c);
            __m256 most = _mm256_maskload_ps(x + c, k);
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++) {
                    const __m256 v = _mm256_maskload_ps(x + r * p.row_stride + t * p.column_stride + c, k);
                    const __m256 greater =
                        _mm256_or_ps(_mm256_cmp_ps(v, most, _CMP_GT_OQ), _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
                    most = _mm256_blendv_ps(most, v, greater);
                }
            store_lanes(y + c, most, k, p.channels - c);
        }
    }
}

constexpr int64_t most_word_taps = 256;

// The first n of 32 bytes.
__m256i load_bytes(const uint8_t* x, int64_t n) {
    uint8_t bytes[32] = {};
    for (int64_t i = 0; i < n && i < 32; i++) bytes[i] = x[i];
    return load32(bytes);
}

// Of 32 channels the even and the odd ones, as unsigned words.
struct Words {
    __m256i even, odd;
};

// The first n of 32 * vectors of them, their sums over a window of at most 256 taps. With more than
// one vector all of them are there. Nothing is read from `end` on.
template <class T, int vectors>
void sum_words(const uint8_t* x, int64_t n, const uint8_t* end, int64_t rows, int64_t row_stride, int64_t taps,
               int64_t column_stride, Words (&words)[vectors]) {
    __m256i all[vectors] = {}, odd[vectors] = {};
    const bool roomy = end - (x + (rows - 1) * row_stride + (taps - 1) * column_stride) >= 32 * vectors;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < taps; t++)
#pragma GCC unroll 2
            for (int i = 0; i < vectors; i++) {
                const uint8_t* tap = x + r * row_stride + t * column_stride + 32 * i;
                __m256i v = roomy ? load32(tap) : load_bytes(tap, n);
                asm("" : "+x"(v));  // one load, not one for each use
                if (T::flip != 0) v = _mm256_xor_si256(v, _mm256_set1_epi8(static_cast<char>(T::flip)));
                all[i] = _mm256_add_epi16(all[i], v);
                odd[i] = _mm256_add_epi16(odd[i], _mm256_srli_epi16(v, 8));
            }
    for (int i = 0; i < vectors; i++) words[i] = {_mm256_sub_epi16(all[i], _mm256_slli_epi16(odd[i], 8)), odd[i]};
}

// The same as 32-bit numbers in the order of unpacks: even channels low and high, odd channels low and high.
struct Sums {
    __m256i part[4];

    explicit Sums(const Words& w, __m256i upper)
        : part{_mm256_unpacklo_epi16(w.even, upper), _mm256_unpackhi_epi16(w.even, upper),
               _mm256_unpacklo_epi16(w.odd, upper), _mm256_unpackhi_epi16(w.odd, upper)} {}
};

// What an average of codes needs beside the sums.
struct Rounding {
    __m256 m, z;
    __m256i zero_point, lo, hi;
};

enum class Form { single, whole, fused };

// The codes of 32 channels from their sums of differences, in that order.
template <class T, Form form>
__m256i round_average(const __m256 (&s)[4], const Rounding& r) {
    __m256i q[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const __m256 v = form == Form::fused   ? _mm256_fmadd_ps(s[i], r.m, r.z)
                         : form == Form::whole ? _mm256_mul_ps(s[i], r.m)
                                               : _mm256_add_ps(_mm256_mul_ps(s[i], r.m), r.z);
        q[i] = _mm256_cvtps_epi32(v);
    }
    __m256i even = _mm256_packs_epi32(q[0], q[1]), odd = _mm256_packs_epi32(q[2], q[3]);
    if (form == Form::whole) {
        even = _mm256_add_epi16(even, r.zero_point);
        odd = _mm256_add_epi16(odd, r.zero_point);
    }
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    return T::min(T::max(_mm256_shuffle_epi8(T::pack(even, odd), order), r.lo), r.hi);
}

// All bits of the first n of 32 bytes.
__m256i first_bytes(int64_t n) {
    const __m256i byte = _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    return _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(n < 0 ? 0 : n > 32 ? 32 : n)), byte);
}

// 32 * vectors channels of output pixel i from channel c on; with one vector, there may be fewer.
template <class T, int vectors>
void average_channels(const PoolRow& p, const Rounding& rounding, int64_t i, int64_t c) {
    const PoolSpan span = p.spans[i];
    const int64_t n = p.channels - c, taps = p.rows * span.taps;
    const int32_t correction = static_cast<int32_t>(taps) * (p.zero_point + T::flip);
    const uint8_t* x = static_cast<const uint8_t*>(p.x) + span.begin * p.channels + c;
    const uint8_t* const end = static_cast<const uint8_t*>(p.x_end);
    uint8_t* y = static_cast<uint8_t*>(p.y) + i * p.channels + c;
    __m256 s[vectors][4];
    Words words[vectors];
    if (taps <= most_word_taps) {
        sum_words<T>(x, n, end, p.rows, p.row_stride, span.taps, p.column_stride, words);
        // Under the upper half of 2^23 a word is the float 2^23 + word.
        const __m256 shift = _mm256_set1_ps(0x1p23f + static_cast<float>(correction));
        for (int v = 0; v < vectors; v++) {
            const Sums sums(words[v], _mm256_set1_epi16(0x4b00));
            for (int j = 0; j < 4; j++) s[v][j] = _mm256_sub_ps(_mm256_castsi256_ps(sums.part[j]), shift);
        }
    } else {
        __m256i total[vectors][4] = {};
        for (int64_t r = 0; r < p.rows; r++)
            for (int64_t t = 0; t < span.taps; t += most_word_taps) {
                const int64_t some = span.taps - t < most_word_taps ? span.taps - t : most_word_taps;
                sum_words<T>(x + r * p.row_stride + t * p.column_stride, n, end, 1, 0, some, p.column_stride, words);
                for (int v = 0; v < vectors; v++) {
                    const Sums sums(words[v], _mm256_setzero_si256());
                    for (int j = 0; j < 4; j++) total[v][j] = _mm256_add_epi32(total[v][j], sums.part[j]);
                }
            }
        for (int v = 0; v < vectors; v++)
            for (int j = 0; j < 4; j++)
                s[v][j] = _mm256_cvtepi32_ps(_mm256_sub_epi32(total[v][j], _mm256_set1_epi32(correction)));
    }
    for (int v = 0; v < vectors; v++) {
        const int64_t left = n - 32 * v, whole = p.group_channels - c - 32 * v;
        __m256i q;
        if (whole <= 0)
            q = round_average<T, Form::single>(s[v], rounding);
        else
            q = p.group_fused != 0 ? round_average<T, Form::fused>(s[v], rounding)
                                   : round_average<T, Form::whole>(s[v], rounding);
        if (whole > 0 && whole < 32 && whole < left)
            q = _mm256_blendv_epi8(round_average<T, Form::single>(s[v], rounding), q, first_bytes(whole));
        if (left >= 32) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + 32 * v), q);
        } else {
            uint8_t bytes[32];
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), q);
            for (int64_t b = 0; b < left; b++) y[32 * v + b] = bytes[b];
        }
    }
}

template <class T>
void average_codes(const PoolRow& p) {
    Rounding rounding;
    rounding.z = _mm256_set1_ps(static_cast<float>(p.zero_point));
    rounding.zero_point = _mm256_set1_epi16(static_cast<int16_t>(p.zero_point));
    rounding.lo = _mm256_set1_epi8(static_cast<char>(p.lo));
    rounding.hi = _mm256_set1_epi8(static_cast<char>(p.hi));
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
        rounding.m = _mm256_set1_ps(1.0f / static_cast<float>(p.row_divisor * p.spans[i].divisor));
        // A cache line at a time: taps of many channels lie in few sets of L1, so that its other half would not stay there.
        int64_t c = 0;
        for (; c + 64 <= p.channels; c += 64) average_channels<T, 2>(p, rounding, i, c);
        for (; c < p.channels; c += 32)
            average_channels<T, 1>(p, rounding, i, c + 32 > p.channels && p.channels >= 32 ? p.channels - 32 : c);
    }
}

void average_f32(const PoolRow& p) {
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
        const PoolSpan span = p.spans[i];
        const __m256 divisor = _mm256_set1_ps(static_cast<float>(p.row_divisor * span.divisor));
        const float* x = static_cast<const float*>(p.x) + span.begin * p.channels;
        float* y = static_cast<float*>(p.y) + i * p.channels;
        for (int64_t c = 0; c < p.channels; c += 8) {
            const __m256i k = first_lanes(p.channels - c);
            __m256 sum = _mm256_setzero_ps();
            for (int64_t r = 0; r < p.rows; r++)
                for (int32_t t = 0; t < span.taps; t++)
                    sum = _mm256_add_ps(sum, _mm256_maskload_ps(x + r * p.row_stride + t * p.column_stride + c, k));
            store_lanes(y + c, _mm256_div_ps(sum, divisor), k, p.channels - c);
        }
    }
}

}  // namespace

const PoolKernels pool_avx2 = {
    "avx2", max_codes<U8>, max_codes<S8>, max_f32, average_codes<U8>, average_codes<S8>, average_f32,
};

}  // namespace octavo
