// The maximum of codes of few channels, with byte permutes (AVX512-VBMI): of the 128 bytes that the pixels of one step read,
// one permute a tap gathers that tap of all of them.
#include <immintrin.h>

#include "kernels/pool.h"

namespace octavo {
namespace {

constexpr int64_t most_taps = 4;

struct U8 {
    static __m512i max(__m512i a, __m512i b) { return _mm512_max_epu8(a, b); }
    static __m512i min(__m512i a, __m512i b) { return _mm512_min_epu8(a, b); }
};

struct S8 {
    static __m512i max(__m512i a, __m512i b) { return _mm512_max_epi8(a, b); }
    static __m512i min(__m512i a, __m512i b) { return _mm512_min_epi8(a, b); }
};

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : n <= 0 ? 0 : (__mmask64{1} << n) - 1; }

// Bytes from one window to the next, under one window, and under all of them.
struct Geometry {
    int64_t step, reach, bytes, pixels;

    explicit Geometry(const PoolRow& p)
        : step(p.stride * p.channels), reach((p.spans[0].taps - 1) * p.column_stride + p.channels) {
        bytes = (p.width - 1) * step + reach;
        const int64_t fit = reach <= 128 ? (128 - reach) / step + 1 : 0, dense = 64 / p.channels;
        pixels = fit < dense ? fit : dense;  // of a step
    }
};

bool fits(const PoolRow& p) {
    if (p.regular_begin != 0 || p.regular_end != p.width || p.channels > 16 || p.spans[0].taps > most_taps)
        return false;
    const Geometry g(p);
    return g.pixels * p.channels >= 32;
}

// For byte j of a step's output the place of its first tap: (j / channels) * step + j % channels.
__m512i gather_order(int64_t channels, int64_t step) {
    const auto half = [&](int first) {
        const __m512i j = _mm512_add_epi16(
            _mm512_set1_epi16(static_cast<int16_t>(first)),
            _mm512_cvtepu8_epi16(_mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                                  20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)));
        // j / channels by the reciprocal, exact for j < 64. Every pixel after the first lies step - channels further.
        const uint32_t reciprocal = 65535 / static_cast<uint32_t>(channels) + 1;
        const __m512i pixel =
            channels == 1 ? j : _mm512_mulhi_epu16(j, _mm512_set1_epi16(static_cast<int16_t>(reciprocal)));
        const __m512i gap = _mm512_set1_epi16(static_cast<int16_t>(step - channels));
        return _mm512_cvtepi16_epi8(_mm512_add_epi16(j, _mm512_mullo_epi16(pixel, gap)));
    };
    return _mm512_inserti64x4(_mm512_castsi256_si512(half(0)), half(32), 1);
}

// The maximum over the rows, of 64 bytes from x on, of which `left` are there.
template <class T>
__m512i max_rows(const PoolRow& p, const uint8_t* x, int64_t left, __m512i lo) {
    const __mmask64 k = first_bytes(left);
    __m512i most = lo;
    for (int64_t r = 0; r < p.rows; r++) most = T::max(most, _mm512_mask_loadu_epi8(lo, k, x + r * p.row_stride));
    return most;
}

template <class T>
void max_codes(const PoolRow& p) {
    const Geometry g(p);
    const int64_t taps = p.spans[0].taps;
    __m512i order[most_taps];
    order[0] = gather_order(p.channels, g.step);
    for (int64_t t = 1; t < taps; t++)
        order[t] = _mm512_add_epi8(order[0], _mm512_set1_epi8(static_cast<char>(t * p.column_stride)));
    const __m512i lo = _mm512_set1_epi8(static_cast<char>(p.lo)), hi = _mm512_set1_epi8(static_cast<char>(p.hi));
    const uint8_t* x = static_cast<const uint8_t*>(p.x) + p.spans[0].begin * p.channels;
    uint8_t* y = static_cast<uint8_t*>(p.y);
    for (int64_t i = 0; i < p.width; i += g.pixels) {
        const int64_t at = i * g.step;
        const __m512i a = max_rows<T>(p, x + at, g.bytes - at, lo);
        const __m512i b = max_rows<T>(p, x + at + 64, g.bytes - at - 64, lo);
        __m512i most = _mm512_permutex2var_epi8(a, order[0], b);
        for (int64_t t = 1; t < taps; t++) most = T::max(most, _mm512_permutex2var_epi8(a, order[t], b));
        const int64_t left = p.width - i < g.pixels ? p.width - i : g.pixels;
        _mm512_mask_storeu_epi8(y + i * p.channels, first_bytes(left * p.channels), T::min(most, hi));
    }
}

}  // namespace

const PoolFewChannelsKernels pool_few_channels_vnni = {"vbmi", fits, max_codes<U8>, max_codes<S8>};

}  // namespace octavo
