// Rows brought to a common mean and size, in vectors or in one lane (vectors.h or vectors_one.h comes before).
#ifndef OCTAVO_KERNELS_NORM_VECTORS_H
#define OCTAVO_KERNELS_NORM_VECTORS_H

#include "kernels/functions_vectors.h"
#include "kernels/norm.h"

namespace octavo {
namespace {

void norm_row(const float* x, float* y, int64_t n, float mean, float rest, float inverse, const float* scale,
              const float* bias) {
    const Vec middle = vec(mean), less = vec(rest), factor = vec(inverse), zero = vec(0);
    each_vector(n, [&](int64_t i, auto k) {
        const Vec normal = ((load(x + i, k) - middle) - less) * factor;
        const Vec term = bias != nullptr ? load(bias + i, k) : zero;
        store(y + i, scale != nullptr ? fma(normal, load(scale + i, k), term) : normal + term, k);
    });
}

void norm_plane(const float* x, float* y, int64_t n, float mean, float rest, float factor, float bias) {
    const Vec middle = vec(mean), less = vec(rest), times = vec(factor), term = vec(bias);
    each_vector(n, [&](int64_t i, auto k) { store(y + i, fma((load(x + i, k) - middle) - less, times, term), k); });
}

void norm_columns(const float* x, float* y, int64_t n, const float* mean, const float* rest, const float* factor,
                  const float* bias) {
    each_vector(n, [&](int64_t i, auto k) {
        const Vec middle = (load(x + i, k) - load(mean + i, k)) - load(rest + i, k);
        store(y + i, fma(middle, load(factor + i, k), load(bias + i, k)), k);
    });
}

void add_squares(const float* x, int64_t n, float* sums) {
    each_vector(n, [&](int64_t i, auto k) {
        const Vec v = load(x + i, k);
        store(sums + i, fma(v, v, load(sums + i, k)), k);
    });
}

void respond(const float* x, const float* sums, float* y, int64_t n, float factor, float bias, float beta) {
    const Vec times = vec(factor), start = vec(bias), power = vec(-beta);
    each_vector(n, [&](int64_t i, auto k) {
        const Vec base = fma(load(sums + i, k), times, start);
        store(y + i, load(x + i, k) * exp(log(base) * power), k);
    });
}

constexpr NormKernels norm_kernels(const char* isa) {
    return {isa, norm_row, norm_plane, norm_columns, add_squares, respond};
}

}  // namespace
}  // namespace octavo

#endif
