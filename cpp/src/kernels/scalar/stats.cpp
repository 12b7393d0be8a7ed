// Statistics of arrays, the definition.
#include "kernels/stats.h"

#include "base/numerics.h"

namespace octavo {
namespace {

bool finite(float x) { return x - x == 0; }

void range(const float* x, int64_t n, Range* range) {
    for (int64_t i = 0; i < n; i++) {
        if (x[i] != x[i]) {
            range->nan_count++;
        } else if (!finite(x[i])) {
            range->inf_count++;
        } else {
            const float v = x[i] + 0.0f;  // -0 becomes +0
            if (v < range->min) range->min = v;
            if (v > range->max) range->max = v;
        }
    }
}

void histogram(const float* x, int64_t n, const Bins& bins, uint32_t* counts, int64_t stride) {
    for (int64_t i = 0; i < n; i++) {
        const double bin = floor(x[i] * bins.factor) - bins.first;
        const bool inside = bin >= 0 && bin < static_cast<double>(bins.count);
        counts[i % 4 * stride + (inside ? static_cast<int64_t>(bin) : bins.count)]++;
    }
}

int64_t nearest_level(const float* x, int64_t n, const LevelSearch& search, uint8_t* codes) {
    int64_t nan_count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (x[i] != x[i]) nan_count++;
        int code = 0;
        for (int step = 1 << search.depth >> 1; step > 0; step /= 2)
            if (x[i] > search.thresholds[code + step - 1]) code += step;
        codes[i] = static_cast<uint8_t>(code);
    }
    return nan_count;
}

void affine_error(const float* x, int64_t n, const AffineCodes& p, double* parts) {
    for (int64_t i = 0; i < n; i++) {
        const int32_t q = quantize_fused(x[i], p.inverse, p.zero_point, p.lo, p.hi);
        const double d = static_cast<double>(x[i]) - static_cast<double>(dequantize(q, p.scale, p.zero_point));
        parts[i % sum_parts] += d * d;
    }
}

void squared_error(const float* a, const float* b, int64_t n, double* error_parts, double* power_parts) {
    for (int64_t i = 0; i < n; i++) {
        const double x = a[i], d = x - static_cast<double>(b[i]);
        error_parts[i % sum_parts] += d * d;
        power_parts[i % sum_parts] += x * x;
    }
}

}  // namespace

const StatsKernels stats_scalar = {"scalar", range, histogram, nearest_level, affine_error, squared_error};

}  // namespace octavo
