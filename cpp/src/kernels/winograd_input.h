// The windows of family winograd, with 256-bit vectors on every instruction set.
#ifndef OCTAVO_KERNELS_WINOGRAD_INPUT_H
#define OCTAVO_KERNELS_WINOGRAD_INPUT_H

#include <immintrin.h>

#include "kernels/winograd.h"

namespace octavo {
namespace {

// B' d, of 16 channels.
OCTAVO_INLINE void transform_input(const __m256i (&d)[winograd_window], __m256i (&t)[winograd_window]) {
    const __m256i d42 = _mm256_sub_epi16(d[4], d[2]), d31 = _mm256_sub_epi16(d[3], d[1]);
    const __m256i even = _mm256_sub_epi16(d[4], _mm256_slli_epi16(d[2], 2));
    const __m256i odd = _mm256_sub_epi16(d[3], _mm256_slli_epi16(d[1], 2));
    const __m256i twice = _mm256_add_epi16(d31, d31);
    t[0] = _mm256_add_epi16(_mm256_slli_epi16(_mm256_sub_epi16(d[0], d[2]), 2), d42);
    t[1] = _mm256_add_epi16(even, odd);
    t[2] = _mm256_sub_epi16(even, odd);
    t[3] = _mm256_add_epi16(d42, twice);
    t[4] = _mm256_sub_epi16(d42, twice);
    t[5] = _mm256_sub_epi16(_mm256_sub_epi16(d[5], d[3]), _mm256_add_epi16(twice, twice));
}

OCTAVO_INLINE __m256i load_words(const uint8_t* codes, __m128i flip) {
    return _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)), flip));
}

// B' d of the columns that the tiles see: [columns][6] vectors.
OCTAVO_INLINE void transform_columns(const WinogradInput& in, int64_t channel, __m256i* to) {
    const int64_t columns = winograd_pixels * in.tiles + winograd_window - winograd_pixels;
    const int64_t left = in.left < 0 ? -in.left : 0, begin = left < columns ? left : columns;
    const int64_t right = in.width - in.left, end = right < begin ? begin : right < columns ? right : columns;
    const __m128i flip = _mm_set1_epi8(static_cast<char>(in.flip));
    const __m128i padding = _mm_xor_si128(_mm_set1_epi8(static_cast<char>(in.padding)), flip);
    alignas(16) uint8_t outside[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(outside), padding);
    const uint8_t* from[winograd_window];
    int64_t step[winograd_window];
    for (int i = 0; i < winograd_window; i++) {
        const int64_t y = in.top + i;
        const bool inside = y >= 0 && y < in.height;
        from[i] = inside ? in.a + (y * in.width + in.left + begin) * in.channels + channel : outside;
        step[i] = inside ? in.channels : 0;
    }
    __m256i d[winograd_window], t[winograd_window];
#pragma GCC unroll 6
    for (int i = 0; i < winograd_window; i++) d[i] = load_words(outside, flip);
    transform_input(d, t);
    const auto fill = [&](int64_t first, int64_t last) {
        for (__m256i* column = to + first * winograd_window; column < to + last * winograd_window;
             column += winograd_window) {
            for (int i = 0; i < winograd_window; i++) _mm256_store_si256(column + i, t[i]);
        }
    };
    fill(0, begin);
    fill(end, columns);
    for (int64_t x = begin; x < end; x++) {
#pragma GCC unroll 6
        for (int i = 0; i < winograd_window; i++) {
            d[i] = load_words(from[i], flip);
            from[i] += step[i];
        }
        transform_input(d, t);
#pragma GCC unroll 6
        for (int i = 0; i < winograd_window; i++) _mm256_store_si256(to + x * winograd_window + i, t[i]);
    }
}

void transform_windows(const WinogradInput& in) {
    for (int64_t channel = 0; channel < in.channels; channel += winograd_channels) {
        __m256i* columns = reinterpret_cast<__m256i*>(in.columns);
        transform_columns(in, channel, columns);
        for (int64_t tile = 0; tile < in.tiles; tile++) {
            const __m256i* from = columns + winograd_pixels * winograd_window * tile;
            uint8_t* to = in.words + (tile * in.channels + channel) * 2;
#pragma GCC unroll 6
            for (int i = 0; i < winograd_window; i++) {
                __m256i d[winograd_window], t[winograd_window];
#pragma GCC unroll 6
                for (int j = 0; j < winograd_window; j++) d[j] = _mm256_load_si256(from + winograd_window * j + i);
                transform_input(d, t);
#pragma GCC unroll 6
                for (int j = 0; j < winograd_window; j++) {
                    _mm256_store_si256(reinterpret_cast<__m256i*>(to), t[j]);
                    to += in.plane;
                }
            }
        }
    }
}

}  // namespace
}  // namespace octavo

#endif
