// The windows of family winograd, for vectors of 16 or more channels.
#ifndef OCTAVO_KERNELS_WINOGRAD_INPUT_H
#define OCTAVO_KERNELS_WINOGRAD_INPUT_H

#include <immintrin.h>

#include "kernels/winograd.h"

namespace octavo {
namespace {

// 16 channels as words.
struct Words16 {
    using Vector = __m256i;
    static constexpr int channels = 16;
    static OCTAVO_INLINE Vector load(const uint8_t* codes, uint8_t flip) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
        return _mm256_cvtepu8_epi16(_mm_xor_si128(x, _mm_set1_epi8(static_cast<char>(flip))));
    }
    static OCTAVO_INLINE void store(uint8_t* to, Vector x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x); }
    static OCTAVO_INLINE Vector add(Vector x, Vector y) { return _mm256_add_epi16(x, y); }
    static OCTAVO_INLINE Vector subtract(Vector x, Vector y) { return _mm256_sub_epi16(x, y); }
    static OCTAVO_INLINE Vector four_times(Vector x) { return _mm256_slli_epi16(x, 2); }
};

constexpr int tiles_at_once = 8;  // what waits between the two passes stays in L1
constexpr int columns_at_once = winograd_pixels * tiles_at_once + winograd_window - winograd_pixels;
template <class Words>
using Columns = typename Words::Vector[columns_at_once][winograd_window];

// B' d.
template <class Words, class Vector = typename Words::Vector>
OCTAVO_INLINE void transform_input(const Vector (&d)[winograd_window], Vector (&t)[winograd_window]) {
    const Vector d42 = Words::subtract(d[4], d[2]), d31 = Words::subtract(d[3], d[1]);
    const Vector even = Words::subtract(d[4], Words::four_times(d[2]));
    const Vector odd = Words::subtract(d[3], Words::four_times(d[1]));
    const Vector twice = Words::add(d31, d31);
    t[0] = Words::add(Words::four_times(Words::subtract(d[0], d[2])), d42);
    t[1] = Words::add(even, odd);
    t[2] = Words::subtract(even, odd);
    t[3] = Words::add(d42, twice);
    t[4] = Words::subtract(d42, twice);
    t[5] = Words::subtract(Words::subtract(d[5], d[3]), Words::add(twice, twice));
}

// B' d of the columns that some tiles see.
template <class Words>
OCTAVO_INLINE void transform_columns(const WinogradInput& in, int64_t tile, int64_t tiles, int64_t channel,
                                     Columns<Words>& to) {
    using Vector = typename Words::Vector;
    const int64_t first = in.left + winograd_pixels * tile;
    const int64_t columns = winograd_pixels * tiles + winograd_window - winograd_pixels;
    const int64_t left = first < 0 ? -first : 0, begin = left < columns ? left : columns;
    const int64_t right = in.width - first, end = right < begin ? begin : right < columns ? right : columns;
    alignas(Vector) uint8_t outside[Words::channels];
    for (uint8_t& code : outside) code = in.padding ^ in.flip;
    const uint8_t* from[winograd_window];
    int64_t step[winograd_window];
    for (int i = 0; i < winograd_window; i++) {
        const int64_t y = in.top + i;
        const bool inside = y >= 0 && y < in.height;
        from[i] = inside ? in.a + (y * in.width + first + begin) * in.channels + channel : outside;
        step[i] = inside ? in.channels : 0;
    }
    Vector d[winograd_window];
    if (begin > 0 || end < columns) {
        Vector t[winograd_window];
#pragma GCC unroll 6
        for (int i = 0; i < winograd_window; i++) d[i] = Words::load(outside, in.flip);
        transform_input<Words>(d, t);
        for (int64_t x = 0; x < columns; x++) {
            if (x >= begin && x < end) continue;
            for (int i = 0; i < winograd_window; i++) to[x][i] = t[i];
        }
    }
    for (int64_t x = begin; x < end; x++) {
#pragma GCC unroll 6
        for (int i = 0; i < winograd_window; i++) {
            d[i] = Words::load(from[i], in.flip);
            from[i] += step[i];
        }
        transform_input<Words>(d, to[x]);
    }
}

// B' d B of a tile from the six columns that it sees.
template <class Words>
OCTAVO_INLINE void transform_tile(const WinogradInput& in, int64_t tile, int64_t channel,
                                  const typename Words::Vector (*columns)[winograd_window]) {
    using Vector = typename Words::Vector;
    uint8_t* to = in.words + (tile * in.channels + channel) * 2;
#pragma GCC unroll 6
    for (int i = 0; i < winograd_window; i++) {
        Vector d[winograd_window], t[winograd_window];
#pragma GCC unroll 6
        for (int j = 0; j < winograd_window; j++) d[j] = columns[j][i];
        transform_input<Words>(d, t);
#pragma GCC unroll 6
        for (int j = 0; j < winograd_window; j++) {
            Words::store(to, t[j]);
            to += in.plane;
        }
    }
}

// Some vectors of channels of some tiles: with 32 channels lines of the cache are written as wholes.
template <class Words, int vectors>
OCTAVO_INLINE void transform_channels(const WinogradInput& in, int64_t tile, int64_t tiles, int64_t channel) {
    Columns<Words> columns[vectors];
    for (int v = 0; v < vectors; v++) {
        transform_columns<Words>(in, tile, tiles, channel + v * Words::channels, columns[v]);
    }
    for (int64_t i = 0; i < tiles; i++) {
        for (int v = 0; v < vectors; v++) {
            transform_tile<Words>(in, tile + i, channel + v * Words::channels, columns[v] + winograd_pixels * i);
        }
    }
}

}  // namespace
}  // namespace octavo

#endif
