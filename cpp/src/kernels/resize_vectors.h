// Interpolation, for AVX2 and AVX-512 (vectors.h).
#ifndef OCTAVO_KERNELS_RESIZE_VECTORS_H
#define OCTAVO_KERNELS_RESIZE_VECTORS_H

#include "kernels/resize.h"
#include "kernels/vectors.h"

namespace octavo {
namespace {

template <class K>
Vec floats(const float* x, K k) {
    return load(x, k);
}
template <class K>
Vec floats(const uint8_t* x, K k) {
    return to_floats(widen(x, k));
}
template <class K>
Vec floats(const int8_t* x, K k) {
    return to_floats(widen(x, k));
}

template <class T>
void combine(const T* x, const int64_t* places, const float* weights, int64_t terms, float* y, int64_t n) {
    each_vector(n, [&](int64_t i, auto k) {
        Vec sum = vec(weights[0]) * floats(x + places[0] + i, k);
        for (int64_t t = 1; t < terms; t++) sum = sum + vec(weights[t]) * floats(x + places[t] + i, k);
        store(y + i, sum, k);
    });
}

// Lanes beyond n gather x[0].
void across(const float* x, const int32_t* places, const float* weights, int64_t terms, float* y, int64_t n) {
    each_vector(n, [&](int64_t i, auto k) {
        Vec sum = load(weights + i, k) * gather(x, widen(places + i, k));
        for (int64_t t = 1; t < terms; t++)
            sum = sum + load(weights + t * n + i, k) * gather(x, widen(places + t * n + i, k));
        store(y + i, sum, k);
    });
}

// The sums are of codes and small: 32 bits hold them.
template <class T>
void round_codes(const float* x, T* y, int64_t n, int32_t lo, int32_t hi) {
    uint8_t* to = reinterpret_cast<uint8_t*>(y);
    each_vector(n, [&](int64_t i, auto k) { narrow(to + i, max(min(round(load(x + i, k)), ivec(hi)), ivec(lo)), k); });
}

constexpr ResizeKernels resize_kernels(const char* suffix) {
    return {suffix, combine<float>,       combine<uint8_t>,   combine<int8_t>,
            across, round_codes<uint8_t>, round_codes<int8_t>};
}

}  // namespace
}  // namespace octavo

#endif
