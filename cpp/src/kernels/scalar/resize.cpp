// Interpolation, the definition.
#include "kernels/resize.h"

#include "base/numerics.h"

namespace octavo {
namespace {

template <class T>
void combine(const T* x, const int64_t* places, const float* weights, int64_t terms, float* y, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float sum = weights[0] * static_cast<float>(x[places[0] + i]);
        for (int64_t t = 1; t < terms; t++) sum += weights[t] * static_cast<float>(x[places[t] + i]);
        y[i] = sum;
    }
}

void across(const float* x, const int32_t* places, const float* weights, int64_t terms, float* y, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float sum = weights[i] * x[places[i]];
        for (int64_t t = 1; t < terms; t++) sum += weights[t * n + i] * x[places[t * n + i]];
        y[i] = sum;
    }
}

template <class T>
void round_codes(const float* x, T* y, int64_t n, int32_t lo, int32_t hi) {
    for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(clamp_s32(to_s32(x[i]), lo, hi));
}

}  // namespace

const ResizeKernels resize_scalar = {
    "scalar", combine<float>, combine<uint8_t>, combine<int8_t>, across, round_codes<uint8_t>, round_codes<int8_t>,
};

}  // namespace octavo
