// Pooling in vectors (see vectors.h). Average of codes: sums in 16 bits while they fit (256 taps), then 32, even and odd channels
// apart, so that bytes become words by one shift. The last channels of many repeat some of the vector before them where it is
// slow to take a part of a vector.
#ifndef OCTAVO_KERNELS_POOL_VECTORS_H
#define OCTAVO_KERNELS_POOL_VECTORS_H

#include "kernels/pool.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

constexpr int64_t bytes = 4 * lanes;      // of a vector
constexpr int line_vectors = 64 / bytes;  // of a cache line
constexpr int64_t buffer_bytes = 4096;
constexpr int64_t most_narrow = masks_bytes ? 16 : bytes - 1;  // channels of which several pixels are taken together

// Rows of an image are short runs, which the hardware's prefetchers follow late.
void fetch_soon(const PoolRow& p, int64_t pixel) {
    const char* from = p.soon + pixel * p.soon_lines * 64;
    for (int64_t i = 0; i < p.soon_lines; i++) {
        if (p.rows_shared)
            __builtin_prefetch(from + i * 64, 0, 2);  // L1 is for the rows that windows share
        else
            __builtin_prefetch(from + i * 64);
    }
}

// The limits of a maximum in registers, and the channels of the vectors that are there.
template <class Channels>
struct Limits {
    BVec lo, hi;
    Channels there;
};

// Of some vectors of channels.
template <int vectors>
struct Maxima {
    BVec part[vectors];
};

template <class Code, int vectors>
void take_max(const Maxima<vectors>& other, Maxima<vectors>* most) {
    for (int v = 0; v < vectors; v++) most->part[v] = max<Code>(most->part[v], other.part[v]);
}

template <int vectors>
Maxima<vectors> all_of(BVec lo) {
    Maxima<vectors> most;
    for (int v = 0; v < vectors; v++) most.part[v] = lo;
    return most;
}

// The maximum over the rows of a column, of channels from x on. Rows: 0 for any number.
template <class Code, int rows, int vectors, class Channels>
Maxima<vectors> column_max(const uint8_t* x, const PoolRow& p, const Limits<Channels>& limits) {
    Maxima<vectors> most = all_of<vectors>(limits.lo);
    const int64_t n = rows != 0 ? rows : p.rows;
#pragma GCC unroll 4
    for (int64_t r = 0; r < n; r++)
        for (int v = 0; v < vectors; v++)
            most.part[v] = max<Code>(most.part[v], load(x + r * p.row_stride + bytes * v, limits.there));
    return most;
}

template <class Code, int vectors, class Channels>
void store_max(uint8_t* y, const Maxima<vectors>& most, const Limits<Channels>& limits) {
    for (int v = 0; v < vectors; v++) store(y + bytes * v, min<Code>(most.part[v], limits.hi), limits.there);
}

// The windows [from, to) by themselves, for the channels from c on.
template <class Code, int rows, int vectors, class Channels>
void max_windows(const PoolRow& p, int64_t from, int64_t to, int64_t c, const Limits<Channels>& limits) {
    for (int64_t i = from; i < to; i++) {
        if (c == 0) fetch_soon(p, i);
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + p.spans[i].begin * p.channels + c;
        Maxima<vectors> most = all_of<vectors>(limits.lo);
        for (int32_t t = 0; t < p.spans[i].taps; t++)
            take_max<Code>(column_max<Code, rows, vectors>(x + t * p.column_stride, p, limits), &most);
        store_max<Code>(static_cast<uint8_t*>(p.y) + i * p.channels + c, most, limits);
    }
}

// All windows for the channels from c on. Regular windows side by side that share a column or none take each column once.
template <class Code, int rows, int vectors, class Channels>
void max_channels(const PoolRow& p, int64_t c, const Limits<Channels>& limits) {
    const PoolSpan first = p.spans[p.regular_begin];
    const bool shared = first.taps == p.stride + 1;
    if (p.column_stride != p.channels || (!shared && first.taps != p.stride)) {
        max_windows<Code, rows, vectors>(p, 0, p.width, c, limits);
        return;
    }
    max_windows<Code, rows, vectors>(p, 0, p.regular_begin, c, limits);
    const uint8_t* x = static_cast<const uint8_t*>(p.x) + first.begin * p.channels + c;
    uint8_t* y = static_cast<uint8_t*>(p.y) + c;
    Maxima<vectors> last = all_of<vectors>(limits.lo);
    if (shared) {
        last = column_max<Code, rows, vectors>(x, p, limits);
        x += p.channels;
    }
    for (int64_t i = p.regular_begin; i < p.regular_end; i++) {
        if (c == 0) fetch_soon(p, i);
        Maxima<vectors> most = last;
        for (int64_t t = 0; t < p.stride; t++, x += p.channels) {
            last = column_max<Code, rows, vectors>(x, p, limits);
            take_max<Code>(last, &most);
        }
        if (!shared) last = all_of<vectors>(limits.lo);
        store_max<Code>(y + i * p.channels, most, limits);
    }
    max_windows<Code, rows, vectors>(p, p.regular_end, p.width, c, limits);
}

// More than most_narrow channels, a cache line at a time.
template <class Code, int rows>
void max_wide(const PoolRow& p) {
    const Limits<Whole> limits{bvec(p.lo), bvec(p.hi), {}};
    int64_t c = 0;
    for (; c + 64 <= p.channels; c += 64) max_channels<Code, rows, line_vectors>(p, c, limits);
    if constexpr (masks_bytes) {
        const Limits<FirstBytes> some{limits.lo, limits.hi, FirstBytes(p.channels - c)};
        if (c < p.channels) max_channels<Code, rows, 1>(p, c, some);
    } else {
        for (; c < p.channels; c += bytes)
            max_channels<Code, rows, 1>(p, c + bytes > p.channels ? p.channels - bytes : c, limits);
    }
}

template <class Code>
inline __attribute__((always_inline)) Code limited_max(const Code* x, int64_t rows, int64_t row_stride, int64_t taps,
                                                       int64_t column_stride, int32_t lo, int32_t hi) {
    int32_t most = lo;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < taps; t++) {
            const int32_t v = x[r * row_stride + t * column_stride];
            most = v > most ? v : most;
        }
    return static_cast<Code>(most < hi ? most : hi);
}

// One window, channel by channel.
template <class Code>
void max_pixel(const PoolRow& p, int64_t i) {
    const Code* x = static_cast<const Code*>(p.x) + p.spans[i].begin * p.channels;
    for (int64_t c = 0; c < p.channels; c++)
        static_cast<Code*>(p.y)[i * p.channels + c] =
            limited_max(x + c, p.rows, p.row_stride, p.spans[i].taps, p.column_stride, p.lo, p.hi);
}

// The maximum over the rows of a run of bytes.
template <class Code>
inline __attribute__((always_inline)) void max_of_rows(const uint8_t* x, int64_t n, uint8_t* y, const PoolRow& p) {
    const Limits<Whole> limits{bvec(p.lo), bvec(p.hi), {}};
    int64_t b = 0;
    for (; b + bytes <= n; b += bytes) store_max<Code>(y + b, column_max<Code, 0, 1>(x + b, p, limits), limits);
    if (b == n) return;
    if constexpr (masks_bytes) {
        const Limits<FirstBytes> some{limits.lo, limits.hi, FirstBytes(n - b)};
        store_max<Code>(y + b, column_max<Code, 0, 1>(x + b, p, some), limits);
    } else if (n >= bytes) {
        b = n - bytes;
        store_max<Code>(y + b, column_max<Code, 0, 1>(x + b, p, limits), limits);
    } else {
        for (; b < n; b++)
            reinterpret_cast<Code*>(y)[b] =
                limited_max(reinterpret_cast<const Code*>(x) + b, p.rows, p.row_stride, 1, 0, p.lo, p.hi);
    }
}

// The maximum over the columns of a window of few channels, `from` being its first column's. A pixel may write into those after it,
// which are still to come: `room` bytes from y on.
template <class Code>
inline __attribute__((always_inline)) void max_of_columns(const uint8_t* from, int64_t taps, int64_t column_stride,
                                                          uint8_t* y, int64_t channels, int64_t room) {
    const auto max_16 = [](__m128i a, __m128i b) { return is_signed<Code> ? _mm_max_epi8(a, b) : _mm_max_epu8(a, b); };
    const auto load_8 = [](const uint8_t* x) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)); };
    const auto load_16 = [](const uint8_t* x) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x)); };
    if (!masks_bytes && channels <= 8 && room >= 8) {
        __m128i most = load_8(from);
        for (int64_t t = 1; t < taps; t++) most = max_16(most, load_8(from + t * column_stride));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(y), most);
    } else if (masks_bytes || channels <= 16) {
        __m128i most = load_16(from);
        for (int64_t t = 1; t < taps; t++) most = max_16(most, load_16(from + t * column_stride));
        if (room >= 16)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(y), most);
        else
            store_first(y, most, channels);
    } else {
        BVec most = load(from);
        for (int64_t t = 1; t < taps; t++) most = max<Code>(most, load(from + t * column_stride));
        if (room >= bytes)
            store(y, most);
        else
            store_first(y, most, channels);
    }
}

// Few channels: the maximum over rows first, on all columns as one run of bytes; then over the columns of each window.
template <class Code>
void max_narrow(const PoolRow& p) {
    alignas(64) uint8_t buffer[buffer_bytes + 128];
    const int64_t channels = p.channels, column_stride = p.column_stride;
    uint8_t* y = static_cast<uint8_t*>(p.y);
    for (int64_t i = 0; i < p.width;) {
        int64_t start = 0, size = 0, end = i;
        for (; end < p.width; end++) {
            const PoolSpan& span = p.spans[end];
            const int64_t first = span.begin * channels, last = first + (span.taps - 1) * column_stride + channels;
            const int64_t low = end == i || first < start ? first : start;
            const int64_t high = end == i || last > start + size ? last : start + size;
            if (high - low > buffer_bytes) break;
            start = low;
            size = high - low;
        }
        if (end == i) {
            if constexpr (masks_bytes)
                max_windows<Code, 0, 1>(p, i, i + 1, 0,
                                        Limits<FirstBytes>{bvec(p.lo), bvec(p.hi), FirstBytes(channels)});
            else
                max_pixel<Code>(p, i);
            i++;
            continue;
        }
        max_of_rows<Code>(static_cast<const uint8_t*>(p.x) + start, size, buffer, p);
        for (; i < end; i++) {
            const PoolSpan span = p.spans[i];
            max_of_columns<Code>(buffer + span.begin * channels - start, span.taps, column_stride, y + i * channels,
                                 channels, (p.width - i) * channels);
        }
    }
}

template <class Code>
void max_codes(const PoolRow& p) {
    if (p.channels <= most_narrow)
        max_narrow<Code>(p);
    else if (p.rows == 2)
        max_wide<Code, 2>(p);
    else if (p.rows == 3)
        max_wide<Code, 3>(p);
    else
        max_wide<Code, 0>(p);
}

// Calls body(from, y, span, k) for each vector of channels of each output pixel.
template <class Body>
void each_vector_of_floats(const PoolRow& p, const Body& body) {
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
        const PoolSpan span = p.spans[i];
        const float* x = static_cast<const float*>(p.x) + span.begin * p.channels;
        float* y = static_cast<float*>(p.y) + i * p.channels;
        each_vector(p.channels, [&](int64_t c, auto k) { body(x + c, y + c, span, k); });
    }
}

void max_f32(const PoolRow& p) {
    each_vector_of_floats(p, [&](const float* x, float* y, const PoolSpan& span, auto k) {
        Vec most = load(x, k);
        for (int64_t r = 0; r < p.rows; r++)
            for (int32_t t = 0; t < span.taps; t++) {
                const Vec v = load(x + r * p.row_stride + t * p.column_stride, k);
                most = select(v > most | is_nan(v), v, most);
            }
        store(y, most, k);
    });
}

void average_f32(const PoolRow& p) {
    each_vector_of_floats(p, [&](const float* x, float* y, const PoolSpan& span, auto k) {
        Vec sum = vec(0);
        for (int64_t r = 0; r < p.rows; r++)
            for (int32_t t = 0; t < span.taps; t++) sum = sum + load(x + r * p.row_stride + t * p.column_stride, k);
        store(y, sum / vec(static_cast<float>(p.row_divisor * span.divisor)), k);
    });
}

constexpr int64_t most_word_taps = 256;

// Of a vector of channels the even and the odd ones, as unsigned words.
struct Words {
    WVec even, odd;
};

// Their sums over a window of at most 256 taps: of all channels of the vectors, or the first of one. Signed codes are flipped to
// unsigned ones.
template <class Code, int vectors, class Channels>
inline __attribute__((always_inline)) void sum_words(const uint8_t* x, int64_t rows, int64_t row_stride, int64_t taps,
                                                     int64_t column_stride, Channels there, Words (&words)[vectors]) {
    WVec all[vectors], odd[vectors];
    for (int i = 0; i < vectors; i++) all[i] = odd[i] = wvec(0);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < taps; t++)
#pragma GCC unroll 2
            for (int i = 0; i < vectors; i++) {
                BVec v = load(x + r * row_stride + t * column_stride + bytes * i, there);
                asm("" : "+v"(v.v));  // one load, not one for each use
                if (is_signed<Code>) v = v ^ bvec(0x80);
                all[i] = all[i] + as_words(v);
                odd[i] = odd[i] + (as_words(v) >> 8);
            }
    for (int i = 0; i < vectors; i++) words[i] = {all[i] - (odd[i] << 8), odd[i]};
}

// The same as 32-bit numbers in the order of unpacks: even channels low and high, odd channels low and high.
struct Sums {
    IVec part[4];

    explicit Sums(const Words& w, WVec upper)
        : part{unpack_low(w.even, upper), unpack_high(w.even, upper), unpack_low(w.odd, upper),
               unpack_high(w.odd, upper)} {}
};

// What an average of codes needs beside the sums.
struct Rounding {
    Vec m, z;
    WVec zero_point;
    BVec lo, hi;
};

enum class Form { single, whole, fused };

// The codes of a vector of channels from their sums of differences, in that order.
template <class Code, Form form>
inline __attribute__((always_inline)) BVec round_average(const Vec (&s)[4], const Rounding& r) {
    IVec q[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        q[i] = round(form == Form::fused ? fma(s[i], r.m, r.z) : form == Form::whole ? s[i] * r.m : s[i] * r.m + r.z);
    WVec even = pack_within(q[0], q[1]), odd = pack_within(q[2], q[3]);
    if (form == Form::whole) {
        even = even + r.zero_point;
        odd = odd + r.zero_point;
    }
    const __m128i order = _mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    return clamp<Code>(shuffle_within(pack_within<Code>(even, odd), order), r.lo, r.hi);
}

// The sums of more taps than words hold.
template <int vectors>
struct Totals {
    IVec part[vectors][4];
};

template <class Code, int vectors, class Channels>
__attribute__((noinline)) Totals<vectors> sum_many(const uint8_t* x, int64_t rows, int64_t row_stride, int64_t taps,
                                                   int64_t column_stride, Channels there) {
    Totals<vectors> total;
    for (int v = 0; v < vectors; v++)
        for (int j = 0; j < 4; j++) total.part[v][j] = ivec(0);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < taps; t += most_word_taps) {
            const int64_t some = taps - t < most_word_taps ? taps - t : most_word_taps;
            Words words[vectors];
            sum_words<Code>(x + r * row_stride + t * column_stride, 1, 0, some, column_stride, there, words);
            for (int v = 0; v < vectors; v++) {
                const Sums sums(words[v], wvec(0));
                for (int j = 0; j < 4; j++) total.part[v][j] = total.part[v][j] + sums.part[j];
            }
        }
    return total;
}

// Of the output pixel at y some vectors of channels from c on: all of them, or the first of one; `left` channels are there, of
// which the first `grouped` take the form of whole vectors.
template <class Code, int vectors, class Channels>
inline __attribute__((always_inline)) void average_channels(const uint8_t* x, int64_t rows, int64_t row_stride,
                                                            int64_t taps, int64_t column_stride, uint8_t* y, int64_t c,
                                                            int64_t left, int64_t grouped, bool fused,
                                                            int32_t zero_point, const Rounding& rounding,
                                                            Channels there) {
    const int64_t all_taps = rows * taps;
    const int32_t correction = static_cast<int32_t>(all_taps) * (zero_point + (is_signed<Code> ? 0x80 : 0));
    Vec s[vectors][4];
    if (all_taps <= most_word_taps) {
        Words words[vectors];
        sum_words<Code>(x + c, rows, row_stride, taps, column_stride, there, words);
        // Under the upper half of 2^23 a word is the float 2^23 + word.
        const Vec shift = vec(0x1p23f + static_cast<float>(correction));
        for (int v = 0; v < vectors; v++) {
            const Sums sums(words[v], wvec(0x4b00));
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) s[v][j] = as_floats(sums.part[j]) - shift;
        }
    } else {
        const Totals<vectors> total = sum_many<Code, vectors>(x + c, rows, row_stride, taps, column_stride, there);
        for (int v = 0; v < vectors; v++)
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) s[v][j] = to_floats(total.part[v][j] - ivec(correction));
    }
    for (int v = 0; v < vectors; v++) {
        const int64_t there_left = left - bytes * v, whole = grouped - bytes * v;
        BVec q;
        if (whole <= 0)
            q = round_average<Code, Form::single>(s[v], rounding);
        else
            q = fused ? round_average<Code, Form::fused>(s[v], rounding)
                      : round_average<Code, Form::whole>(s[v], rounding);
        if (whole > 0 && whole < bytes && whole < there_left)
            q = select_first(whole, q, round_average<Code, Form::single>(s[v], rounding));
        if (masks_bytes)
            store(y + c + bytes * v, q, there);
        else if (there_left >= bytes)
            store(y + c + bytes * v, q);
        else
            store_first(y + c + bytes * v, q, there_left);
    }
}

template <class Code>
void average_codes(const PoolRow& p) {
    Rounding rounding;
    rounding.z = vec(static_cast<float>(p.zero_y));
    rounding.zero_point = wvec(p.zero_y);
    rounding.lo = bvec(p.lo);
    rounding.hi = bvec(p.hi);
    const int64_t channels = p.channels, grouped = p.group_channels;
    const int32_t zero_point = p.zero_point;
    const bool fused = p.group_fused != 0;
    for (int64_t i = 0; i < p.width; i++) {
        fetch_soon(p, i);
        const PoolSpan span = p.spans[i];
        rounding.m = vec(p.scale / static_cast<float>(p.row_divisor * span.divisor));
        const uint8_t* x = static_cast<const uint8_t*>(p.x) + span.begin * channels;
        const int64_t rows = p.rows, row_stride = p.row_stride, taps = span.taps, column_stride = p.column_stride;
        uint8_t* y = static_cast<uint8_t*>(p.y) + i * channels;
        const auto channels_from = [&](auto count, int64_t c, auto there) __attribute__((always_inline)) {
            average_channels<Code, count>(x, rows, row_stride, taps, column_stride, y, c, channels - c, grouped - c,
                                          fused, zero_point, rounding, there);
        };
        // A cache line at a time: taps of many channels lie in few sets of L1, so that its other half would not stay there.
        int64_t c = 0;
        if constexpr (!masks_bytes) {
            for (; c + 64 <= channels; c += 64) channels_from(Constant<line_vectors>{}, c, Whole{});
            // The last vector overlaps the one before it, or is read as a whole where the tensor does not end within it.
            const bool many = channels >= bytes;
            const uint8_t* last = x + (rows - 1) * row_stride + (taps - 1) * column_stride;
            if (many || static_cast<const uint8_t*>(p.x_end) - last >= bytes)
                for (; c < channels; c += bytes)
                    channels_from(Constant<1>{}, many && c + bytes > channels ? channels - bytes : c, Whole{});
        }
        for (; c < channels; c += bytes) channels_from(Constant<1>{}, c, FirstBytes(channels - c));
    }
}

constexpr PoolKernels pool_kernels(const char* isa) {
    return {isa,        max_codes<uint8_t>, max_codes<int8_t>, max_f32, average_codes<uint8_t>, average_codes<int8_t>,
            average_f32};
}

}  // namespace
}  // namespace octavo

#endif
