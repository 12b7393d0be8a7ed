// Family norm: rows brought to a common mean and size, once their statistics are known.
#ifndef OCTAVO_KERNELS_NORM_H
#define OCTAVO_KERNELS_NORM_H

#include <stdint.h>

namespace octavo {

// What one element becomes: ((x - mean) - rest) * inverse * scale + bias, the mean in two parts so that none of its digits are lost
// where it is great beside the deviation; the last product and sum are rounded together.
struct NormKernels {
    const char* suffix;
    // Statistics of the row; scale and bias [n] or null: 1 and 0.
    void (*row)(const float* x, float* y, int64_t n, float mean, float rest, float inverse, const float* scale,
                const float* bias);
    // All numbers of the row, the scale in the factor.
    void (*plane)(const float* x, float* y, int64_t n, float mean, float rest, float factor, float bias);
    // All numbers of each element.
    void (*columns)(const float* x, float* y, int64_t n, const float* mean, const float* rest, const float* factor,
                    const float* bias);
    // sums += x * x.
    void (*add_squares)(const float* x, int64_t n, float* sums);
    // y = x / (bias + factor * sums)^beta.
    void (*respond)(const float* x, const float* sums, float* y, int64_t n, float factor, float bias, float beta);
};

extern const NormKernels norm_scalar, norm_avx2, norm_avx512;

}  // namespace octavo

#endif
