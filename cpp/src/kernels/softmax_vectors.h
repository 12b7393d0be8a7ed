// Softmax in vectors or in one lane (vectors.h or vectors_one.h comes before).
#ifndef OCTAVO_KERNELS_SOFTMAX_VECTORS_H
#define OCTAVO_KERNELS_SOFTMAX_VECTORS_H

#include "kernels/functions_vectors.h"
#include "kernels/reduce.h"

namespace octavo {
namespace {

// Where the sum is no number nothing is.
inline Vec unless_nan(Vec sum, Vec y) { return select(is_nan(sum), vec(__builtin_nanf("")), y); }

template <bool logarithm>
void softmax(const float* x, float* y, int64_t n) {
    Vec mosts = vec(-__builtin_inff());
    each_vector(n, [&](int64_t i, auto k) { mosts = select(k, max(load(x + i, k), mosts), mosts); });
    const Vec most = vec(max_of(mosts)), none = vec(0);
    Vec parts[16 / lanes];  // elements i mod 16
    for (Vec& part : parts) part = none;
    each_of_sixteen(n, [&](int64_t i, auto j, auto k) {
        const Vec e = exp(load(x + i, k) - most);
        parts[j] = parts[j] + select(k, e, none);
        if constexpr (!logarithm) store(y + i, e, k);
    });
    const Vec sum = vec(sum_pairwise(parts)), log_sum = log(sum);
    each_vector(n, [&](int64_t i, auto k) {
        const Vec result = logarithm ? load(x + i, k) - most - log_sum : load(y + i, k) / sum;
        store(y + i, unless_nan(sum, result), k);
    });
}

template <bool logarithm>
void softmax_across(const float* x, float* y, int64_t count, int64_t stride, int64_t n) {
    each_vector(n, [&](int64_t i, auto k) {
        Vec most = vec(-__builtin_inff()), sum = vec(0);
        for (int64_t row = 0; row < count; row++) most = max(load(x + row * stride + i, k), most);
        for (int64_t row = 0; row < count; row++) {
            const Vec e = exp(load(x + row * stride + i, k) - most);
            sum = sum + e;
            if constexpr (!logarithm) store(y + row * stride + i, e, k);
        }
        const Vec log_sum = log(sum);
        for (int64_t row = 0; row < count; row++) {
            const int64_t at = row * stride + i;
            const Vec result = logarithm ? load(x + at, k) - most - log_sum : load(y + at, k) / sum;
            store(y + at, unless_nan(sum, result), k);
        }
    });
}

constexpr SoftmaxKernels softmax_kernels(const char* isa) {
    return {isa, {softmax<false>, softmax<true>}, {softmax_across<false>, softmax_across<true>}};
}

}  // namespace
}  // namespace octavo

#endif
