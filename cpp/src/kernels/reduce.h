// Family reduce: elements of a row into one, or rows into one row.
#ifndef OCTAVO_KERNELS_REDUCE_H
#define OCTAVO_KERNELS_REDUCE_H

#include <stdint.h>

namespace octavo {

// What is added up, in double.
enum SumOf { sum_of_elements, sum_of_magnitudes, sum_of_squares, product_of_elements, sums };

constexpr int64_t reduce_parts = 16;  // of a row: element i belongs to part i mod 16

struct ReduceKernels {
    const char* suffix;
    // along: a row into parts [16]. across: a row into parts [n], element by element. Parts hold what was before.
    void (*sum_along[sums])(const float* x, int64_t n, double* parts);
    void (*sum_across[sums])(const float* x, int64_t n, double* parts);
    // The greater or the lesser; NaN once there was one. [0]: greatest, [1]: least.
    void (*extreme_along[2])(const float* x, int64_t n, float* parts);
    void (*extreme_across[2])(const float* x, int64_t n, float* parts);
    // y = e^(x - shift), shift [n], or, with step 0, [1].
    void (*exp_less)(const float* x, const float* shift, int64_t step, float* y, int64_t n);
    // Codes. along adds a row's codes to *sum; [0]: u8, [1]: s8.
    void (*codes_along[2])(const void* x, int64_t n, int32_t* sum);
    void (*codes_across[2])(const void* x, int64_t count, int64_t stride, int64_t n, int32_t* sum);  // `count` rows
    // [type][greatest, least]; along has 16 parts too.
    void (*extreme_codes_along[2][2])(const void* x, int64_t n, void* parts);
    void (*extreme_codes_across[2][2])(const void* x, int64_t n, void* parts);
};

extern const ReduceKernels reduce_scalar, reduce_avx2, reduce_avx512;

// Family softmax. A row with a NaN, with +inf, or of -inf alone gives NaN throughout. y may be x.
struct SoftmaxKernels {
    const char* suffix;
    // One row of n >= 1: e^(x - max) / sum, or x - max - ln(sum). [0]: plain, [1]: its logarithm.
    void (*along[2])(const float* x, float* y, int64_t n);
    // `count` rows of n elements, `stride` apart, each column by itself.
    void (*across[2])(const float* x, float* y, int64_t count, int64_t stride, int64_t n);
};

extern const SoftmaxKernels softmax_scalar, softmax_avx2, softmax_avx512;

}  // namespace octavo

#endif
