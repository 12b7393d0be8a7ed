// Products of two matrices in vectors (vectors.h comes before).
#ifndef OCTAVO_KERNELS_MATMUL_VECTORS_H
#define OCTAVO_KERNELS_MATMUL_VECTORS_H

#include "kernels/matmul.h"

namespace octavo {
namespace {

constexpr int64_t panel_columns = 2 * lanes;
// As many rows as there are registers for their sums, beside two vectors of b and a number of a.
constexpr int tile_rows = lanes == 16 ? 12 : 6;

struct MatMulPlaces {
    const float* a;
    int64_t a_stride;
    const float* b;
    int64_t b_stride;
    float* y;
    int64_t y_stride;
    Mask low, high;  // columns of the panel that are y's
    int64_t k;
    bool add;
};

template <int rows>
void matmul_tile(const MatMulPlaces& at, const float* a, float* y) {
    Vec sums[rows][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        sums[i][0] = at.add ? load(y + i * at.y_stride, at.low) : vec(0);
        sums[i][1] = at.add ? load(y + i * at.y_stride + lanes, at.high) : vec(0);
    }
    const float* b = at.b;
    for (int64_t j = 0; j < at.k; j++, b += at.b_stride) {
        const Vec low = load(b), high = load(b + lanes);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            const Vec x = vec(a[i * at.a_stride + j]);
            sums[i][0] = fma(x, low, sums[i][0]);
            sums[i][1] = fma(x, high, sums[i][1]);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        store(y + i * at.y_stride, sums[i][0], at.low);
        store(y + i * at.y_stride + lanes, sums[i][1], at.high);
    }
}

void matmul_panel(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* y, int64_t y_stride,
                  int64_t rows, int64_t n, int64_t k, bool add) {
    const MatMulPlaces at = {a, a_stride, b, b_stride, y, y_stride, first_lanes(n), first_lanes(n - lanes), k, add};
    int64_t i = 0;
    const auto tiles = [&](auto height) {
        for (; i + height <= rows; i += height) matmul_tile<height>(at, a + i * a_stride, y + i * y_stride);
    };
    tiles(Constant<tile_rows>{});
    tiles(Constant<4>{});
    tiles(Constant<2>{});
    tiles(Constant<1>{});
}

void add_times(int32_t x, const int32_t* b, int32_t* y, int64_t n) {
    const auto factor = static_cast<uint32_t>(x);
    for (int64_t i = 0; i < n; i++)
        y[i] = static_cast<int32_t>(static_cast<uint32_t>(y[i]) + factor * static_cast<uint32_t>(b[i]));
}

constexpr MatMulKernels matmul_kernels(const char* isa) { return {isa, panel_columns, matmul_panel, add_times}; }

}  // namespace
}  // namespace octavo

#endif
