// Family winograd on AVX2. Registers of the products' tile 6x16: 12 accumulators, 2 of B, 1 of A, 1 product.
#include "kernels/winograd.h"

#include "kernels/gemm_avx2.h"
#include "kernels/winograd_input.h"
#include "kernels/winograd_tiles.h"

namespace octavo {
namespace {

constexpr int vectors = 2, columns = 8 * vectors;

// The sums of 8 columns.
struct Sums {
    using Vector = __m256i;
    static OCTAVO_INLINE Vector add(Vector x, Vector y) { return _mm256_add_epi32(x, y); }
    static OCTAVO_INLINE Vector subtract(Vector x, Vector y) { return _mm256_sub_epi32(x, y); }
    static OCTAVO_INLINE Vector four_times(Vector x) { return _mm256_slli_epi32(x, 2); }
};

void input(const WinogradInput& in) {
    for (int64_t tile = 0; tile < in.tiles; tile += tiles_at_once) {
        const int64_t tiles = in.tiles - tile < tiles_at_once ? in.tiles - tile : tiles_at_once;
        int64_t channel = 0;
        for (; channel + 32 <= in.channels; channel += 32) transform_channels<Words16, 2>(in, tile, tiles, channel);
        if (channel < in.channels) transform_channels<Words16, 1>(in, tile, tiles, channel);
    }
}

template <int rows>
void product_tiles(const uint8_t* a, int64_t stride, const __m256i* panel, int64_t pairs, __m256i* to, int64_t tiles) {
    for (; tiles > 0; tiles--) {
        __m256i sums[rows][vectors];
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
            for (int j = 0; j < vectors; j++) {
                sums[i][j] = _mm256_setzero_si256();
                opaque(sums[i][j]);
            }
        }
        const __m256i* b = panel;
        const uint8_t *words = a, *next = a + 3 * stride;
        for (int64_t k = 0; k < pairs; k++) {
            opaque(words);
            opaque(next);
            const __m256i w[vectors] = {load(b), load(b + 1)};
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++) {
                const __m256i x = broadcast_row(words, next, stride, i);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++) {
                    sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(x, w[j]));
                    opaque(sums[i][j]);
                }
            }
            words += 4;
            next += 4;
            b += vectors;
        }
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
            for (int j = 0; j < vectors; j++) _mm256_store_si256(to++, sums[i][j]);
        }
        a += rows * stride;
    }
}

const WinogradTilesFn<Sums> tiles_of[] = {product_tiles<1>, product_tiles<2>, product_tiles<3>,
                                          product_tiles<4>, product_tiles<5>, product_tiles<6>};
constexpr int most_rows = sizeof(tiles_of) / sizeof(tiles_of[0]);

void products(const WinogradProducts& args) { multiply_positions<Sums, most_rows, vectors>(args, tiles_of); }

void output(const WinogradOutput& row) {
    const __m256i ninth = _mm256_set1_epi32(static_cast<int32_t>(0x38e38e39));
    // Copies that no result can be written over: what the stage sets up stays in place from line to line.
    const OutputStage stage = *row.stage;
    GemmArgs args = row;
    args.stage = &stage;
    for (int64_t tile = 0; winograd_pixels * tile < row.pixels; tile++) {
        const __m256i* from = reinterpret_cast<const __m256i*>(row.sums) + tile * vectors;
        const int64_t step = row.sums_plane / static_cast<int64_t>(sizeof(__m256i));
        __m256i y[winograd_pixels][winograd_pixels][vectors];
#pragma GCC unroll 1
        for (int v = 0; v < vectors; v++) {
            __m256i half[winograd_pixels][winograd_window];
            const __m256i* column = from + v;
#pragma GCC unroll 1
            for (int j = 0; j < winograd_window; j++) {
                __m256i m[winograd_window], t[winograd_pixels];
#pragma GCC unroll 6
                for (int i = 0; i < winograd_window; i++) m[i] = load(column + winograd_window * i * step);
                transform_sums<Sums>(m, t);
#pragma GCC unroll 4
                for (int i = 0; i < winograd_pixels; i++) half[i][j] = t[i];
                column += step;
            }
            const __m256i start =
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(stage.start + args.column + 8 * v));
#pragma GCC unroll 1
            for (int i = 0; i < winograd_pixels; i++) {
                __m256i t[winograd_pixels];
                transform_sums<Sums>(half[i], t);
#pragma GCC unroll 4
                for (int j = 0; j < winograd_pixels; j++) {
                    const __m256i sum = _mm256_srai_epi32(_mm256_mullo_epi32(t[j], ninth), winograd_fractions);
                    y[i][j][v] = _mm256_add_epi32(sum, start);
                }
            }
        }
        const int64_t pixels = row.pixels - winograd_pixels * tile;
        for (int64_t i = 0; i < row.lines; i++) {
            const int64_t at = i * row.line + winograd_pixels * tile * row.c_stride;
            args.c = static_cast<uint8_t*>(row.c) + at;
            if (row.residual != nullptr) args.residual = static_cast<const uint8_t*>(row.residual) + at;
            if (pixels >= winograd_pixels) {
                write_tile<winograd_pixels, vectors>(args, y[i]);
                continue;
            }
            for (int64_t j = 0; j < pixels; j++) {
                write_tile<1, vectors>(args, reinterpret_cast<const __m256i(&)[1][vectors]>(y[i][j]));
                args.c = static_cast<uint8_t*>(args.c) + row.c_stride;
                if (row.residual != nullptr) args.residual = static_cast<const uint8_t*>(args.residual) + row.c_stride;
            }
        }
    }
}

}  // namespace

const WinogradRow winograd_avx2 = {"avx2", most_rows, columns, 200, 380, 85, input, products, output, 220};

}  // namespace octavo
