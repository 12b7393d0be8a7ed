// Family winograd with 512-bit vectors. Registers of the products' tile 12x32: 24 accumulators, 2 of B, 1 of A, without VNNI 1 product.
#ifndef OCTAVO_KERNELS_WINOGRAD_AVX512_H
#define OCTAVO_KERNELS_WINOGRAD_AVX512_H

#include "kernels/gemm_avx512.h"
#include "kernels/winograd_input.h"
#include "kernels/winograd_tiles.h"

namespace octavo {
namespace {

constexpr int vectors = 2, columns = 16 * vectors;

// The sums of 16 columns.
struct Sums {
    using Vector = __m512i;
    static OCTAVO_INLINE Vector add(Vector x, Vector y) { return _mm512_add_epi32(x, y); }
    static OCTAVO_INLINE Vector subtract(Vector x, Vector y) { return _mm512_sub_epi32(x, y); }
    static OCTAVO_INLINE Vector four_times(Vector x) { return _mm512_slli_epi32(x, 2); }
};

// 32 channels as words.
struct Words32 {
    using Vector = __m512i;
    static constexpr int channels = 32;
    static OCTAVO_INLINE Vector load(const uint8_t* codes, uint8_t flip) {
        const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
        return _mm512_cvtepu8_epi16(_mm256_xor_si256(x, _mm256_set1_epi8(static_cast<char>(flip))));
    }
    static OCTAVO_INLINE void store(uint8_t* to, Vector x) { _mm512_storeu_si512(to, x); }
    static OCTAVO_INLINE Vector add(Vector x, Vector y) { return _mm512_add_epi16(x, y); }
    static OCTAVO_INLINE Vector subtract(Vector x, Vector y) { return _mm512_sub_epi16(x, y); }
    static OCTAVO_INLINE Vector four_times(Vector x) { return _mm512_slli_epi16(x, 2); }
};

void input(const WinogradInput& in) {
    for (int64_t tile = 0; tile < in.tiles; tile += tiles_at_once) {
        const int64_t tiles = in.tiles - tile < tiles_at_once ? in.tiles - tile : tiles_at_once;
        int64_t channel = 0;
        for (; channel + 32 <= in.channels; channel += 32) transform_channels<Words32, 1>(in, tile, tiles, channel);
        if (channel < in.channels) transform_channels<Words16, 1>(in, tile, tiles, channel);
    }
}

// multiply(sum, x, w): sum plus the products of pairs of words.
template <int rows, class Multiply>
void product_tiles(const uint8_t* a, int64_t stride, const __m512i* panel, int64_t pairs, __m512i* to, int64_t tiles) {
    const int64_t stride3 = 3 * stride;
    for (; tiles > 0; tiles--) {
        __m512i sums[rows][vectors];
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
            for (int j = 0; j < vectors; j++) {
                sums[i][j] = _mm512_setzero_si512();
                opaque(sums[i][j]);
            }
        }
        const __m512i* b = panel;
        const uint8_t* words = a;
        for (int64_t k = 0; k < pairs; k++) {
            opaque(words);
            const __m512i w[vectors] = {_mm512_load_si512(b), _mm512_load_si512(b + 1)};
#pragma GCC unroll 12
            for (int i = 0; i < rows; i++) {
                const __m512i x = broadcast_row(words, stride, stride3, i);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    sums[i][j] = Multiply::add(sums[i][j], x, w[j]);
                    opaque(sums[i][j]);
                }
            }
            words += 4;
            b += vectors;
        }
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
            for (int j = 0; j < vectors; j++) _mm512_store_si512(to++, sums[i][j]);
        }
        a += rows * stride;
    }
}

constexpr int most_rows = 12;

template <class Multiply>
void products(const WinogradProducts& args) {
    static const WinogradTilesFn<Sums> tiles_of[most_rows] = {
        product_tiles<1, Multiply>,  product_tiles<2, Multiply>,  product_tiles<3, Multiply>,
        product_tiles<4, Multiply>,  product_tiles<5, Multiply>,  product_tiles<6, Multiply>,
        product_tiles<7, Multiply>,  product_tiles<8, Multiply>,  product_tiles<9, Multiply>,
        product_tiles<10, Multiply>, product_tiles<11, Multiply>, product_tiles<12, Multiply>};
    multiply_positions<Sums, most_rows, vectors>(args, tiles_of);
}

void output(const WinogradOutput& row) {
    const __m512i ninth = _mm512_set1_epi32(static_cast<int32_t>(0x38e38e39));
    const int64_t step = row.sums_plane / static_cast<int64_t>(sizeof(__m512i));
    // Copies that no result can be written over: what the stage sets up stays in place from line to line.
    const OutputStage stage = *row.stage;
    GemmArgs args = row;
    args.stage = &stage;
    const auto* residual = static_cast<const uint8_t*>(row.residual);
    auto* c = static_cast<uint8_t*>(row.c);
    for (int64_t tile = 0; winograd_pixels * tile < row.pixels; tile++) {
        const __m512i* from = reinterpret_cast<const __m512i*>(row.sums) + tile * vectors;
        __m512i y[winograd_pixels][winograd_pixels][vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            __m512i half[winograd_pixels][winograd_window];
#pragma GCC unroll 6
            for (int j = 0; j < winograd_window; j++) {
                __m512i m[winograd_window], t[winograd_pixels];
#pragma GCC unroll 6
                for (int i = 0; i < winograd_window; i++) {
                    m[i] = _mm512_load_si512(from + (winograd_window * i + j) * step + v);
                }
                transform_sums<Sums>(m, t);
#pragma GCC unroll 4
                for (int i = 0; i < winograd_pixels; i++) half[i][j] = t[i];
            }
            const __m512i start = _mm512_loadu_si512(stage.start + args.column + 16 * v);
#pragma GCC unroll 4
            for (int i = 0; i < winograd_pixels; i++) {
                __m512i t[winograd_pixels];
                transform_sums<Sums>(half[i], t);
#pragma GCC unroll 4
                for (int j = 0; j < winograd_pixels; j++) {
                    const __m512i sum = _mm512_srai_epi32(_mm512_mullo_epi32(t[j], ninth), winograd_fractions);
                    y[i][j][v] = _mm512_add_epi32(sum, start);
                }
            }
        }
        const int64_t pixels = row.pixels - winograd_pixels * tile;
        for (int64_t i = 0; i < row.lines; i++) {
            int64_t at = i * row.line + winograd_pixels * tile * row.c_stride;
            if (pixels >= winograd_pixels) {
                write_bytes<winograd_pixels, vectors>(args, residual == nullptr ? nullptr : residual + at, c + at,
                                                      y[i]);
                continue;
            }
            for (int64_t j = 0; j < pixels; j++) {
                write_bytes<1, vectors>(args, residual == nullptr ? nullptr : residual + at, c + at,
                                        reinterpret_cast<__m512i(&)[1][vectors]>(y[i][j]));
                at += row.c_stride;
            }
        }
    }
}

}  // namespace
}  // namespace octavo

#endif
