// Family taps on AVX512-VNNI: a tile's sums go through the output stage between the products of the next one. What the stage runs
// on are other ports than the products' on Zen 4, but a scheduler full of one of them does not reach the other. Two sums a pixel,
// added at the end, are chains enough for CPUs with two products a cycle.
#include "kernels/taps.h"

#include "kernels/gemm_avx512.h"

namespace octavo {
namespace {

OCTAVO_INLINE void multiply(__m512i& sum, __m512i x, __m512i weights) {
    sum = _mm512_dpbusd_epi32(sum, x, weights);
    opaque(sum);
}

// One group of all three columns of taps. x: a pixel's bytes, met by tap k of output (pixel - k) / stride.
template <int rows, int stride>
OCTAVO_INLINE void add_taps(const uint8_t* a, int64_t step, int64_t step3, const __m512i* b, int64_t column,
                            bool skip_first, bool skip_last, __m512i (&sums)[rows][1], __m512i (&others)[rows]) {
    constexpr int pixels = (rows - 1) * stride + 3;
    const __m512i w[3] = {_mm512_load_si512(b), _mm512_load_si512(b + column), _mm512_load_si512(b + 2 * column)};
    if (!skip_first) multiply(sums[0][0], broadcast_row(a, step, step3, 0), w[0]);
#pragma GCC unroll 32
    for (int pixel = 1; pixel < pixels - 1; pixel++) {
        const __m512i x = broadcast_row(a, step, step3, pixel);
#pragma GCC unroll 3
        for (int k = 0; k < 3; k++) {
            const int i = (pixel - k) / stride;
            if (pixel < k || (pixel - k) % stride != 0 || i >= rows) continue;
            multiply(k == 1 ? others[i] : sums[i][0], x, w[k]);
        }
    }
    if (!skip_last) multiply(sums[rows - 1][0], broadcast_row(a, step, step3, pixels - 1), w[2]);
}

template <int rows, int stride>
void lines_of_tiles(const TapsArgs& args) {
    const GemmArgs& gemm = args.gemm;
    const int64_t step = gemm.a_stride / stride, step3 = 3 * step, column = gemm.groups, tiles = gemm.tiles;
    const Rounding r = rounding(*gemm.stage);
    const RowForm form = row_form<1>(gemm);
    const auto* residual = static_cast<const uint8_t*>(gemm.residual);
    auto* c = static_cast<uint8_t*>(gemm.c);
    __m512i held[rows][1];
    bool holds = false;
    for (int64_t line = 0; line < args.lines; line++) {
        const LineTaps& taps = args.kinds[args.kind_of_line[line]];
        const uint8_t* a = gemm.a + line * args.line_bytes;
        for (int64_t tile = 0; tile < tiles; tile++) {
            const bool first = tile == 0, last = tile == tiles - 1;
            __m512i sums[rows][1], others[rows];
            const __m512i start = _mm512_loadu_si512(taps.start + gemm.column);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                sums[i][0] = start;
                others[i] = _mm512_setzero_si512();
                opaque(sums[i][0]);
                opaque(others[i]);
            }
            if (first) sums[0][0] = _mm512_loadu_si512(taps.first_start + gemm.column);
            if (last) sums[rows - 1][0] = _mm512_loadu_si512(taps.last_start + gemm.column);
            const bool skip_first = first && (gemm.ends & tile_with_first) != 0;
            const bool skip_last = last && (gemm.ends & tile_with_last) != 0;
            const __m512i* b = static_cast<const __m512i*>(gemm.b) + taps.first;
            const int32_t* offset = gemm.offsets + taps.first;
            for (int64_t g = 0; g < taps.count; g++) {
                const uint8_t* from = a + offset[g];
                opaque(from);
                add_taps<rows, stride>(from, step, step3, b + g, column, skip_first, skip_last, sums, others);
                if (!holds) continue;
                // Read again for each: registers are better used for sums.
                const Rounding* limits = &r;
                opaque(limits);
                if (g == 0) write_four(gemm, form, *limits, residual, c, 0, held);
                if (rows > 4 && g == 3) write_four(gemm, form, *limits, residual, c, 4, held);
            }
            if (holds) {
                c += rows * gemm.c_stride;
                if (residual != nullptr) residual += rows * gemm.residual_stride;
            }
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                held[i][0] = _mm512_add_epi32(sums[i][0], others[i]);
                opaque(held[i][0]);
            }
            holds = true;
            a += rows * gemm.a_stride;
        }
    }
    if (holds) write_bytes(gemm, residual, c, held);
}

template <int stride>
constexpr TapsFn functions[] = {lines_of_tiles<4, stride>, lines_of_tiles<5, stride>, lines_of_tiles<6, stride>,
                                lines_of_tiles<7, stride>, lines_of_tiles<8, stride>};

}  // namespace

const TapsRow taps_vnni = {"vnni", {8, 16, nullptr}, 4, {functions<1>, functions<2>}, 200};

}  // namespace octavo
