// Family matmul: products of two matrices that are both known in a run only.
#ifndef OCTAVO_KERNELS_MATMUL_H
#define OCTAVO_KERNELS_MATMUL_H

#include <stdint.h>

namespace octavo {

// A block of y is worked on panel by panel, of `columns` columns of b each.
struct MatMulKernels {
    const char* suffix;
    int64_t columns;  // of a panel
    // y += a b, or, without `add`, y = a b: row by row and in the order of k, each product and sum rounded once. b has whole panels of
    // columns, of which the first n are y's. Strides are those of rows.
    void (*panel)(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* y, int64_t y_stride,
                  int64_t rows, int64_t n, int64_t k, bool add);
    // y += x * b, modulo 2^32.
    void (*add_times)(int32_t x, const int32_t* b, int32_t* y, int64_t n);
};

extern const MatMulKernels matmul_scalar, matmul_avx2, matmul_avx512;

}  // namespace octavo

#endif
