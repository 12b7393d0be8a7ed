// Products of two matrices, the definition.
#include "kernels/matmul.h"

#include <math.h>

namespace octavo {
namespace {

void matmul_panel(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* y, int64_t y_stride,
                  int64_t rows, int64_t n, int64_t k, bool add) {
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t column = 0; column < n; column++) {
            float sum = add ? y[i * y_stride + column] : 0;
            for (int64_t j = 0; j < k; j++) sum = fmaf(a[i * a_stride + j], b[j * b_stride + column], sum);
            y[i * y_stride + column] = sum;
        }
    }
}

void add_times(int32_t x, const int32_t* b, int32_t* y, int64_t n) {
    const auto factor = static_cast<uint32_t>(x);
    for (int64_t i = 0; i < n; i++)
        y[i] = static_cast<int32_t>(static_cast<uint32_t>(y[i]) + factor * static_cast<uint32_t>(b[i]));
}

}  // namespace

const MatMulKernels matmul_scalar = {"scalar", 16, matmul_panel, add_times};

}  // namespace octavo
