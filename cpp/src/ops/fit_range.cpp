#include "ops/fit_range.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/status.h"
#include "ops/array_checks.h"
#include "ops/arrays.h"
#include "ops/clip_range.h"
#include "ops/least_error.h"
#include "ops/split.h"
#include "ops/weighted_values.h"
#include "registry/search.h"

namespace octavo {
namespace {

// Sums of blocks are added in their order, whoever computes them.
double error_of(const float* x, int64_t n, float scale, int32_t zero_point, const RangeCodes& codes) {
    constexpr int64_t block = int64_t{1} << 16;
    const auto sum = [&](int64_t begin, int64_t end) {
        return array_affine_error(x + begin, end - begin, scale, zero_point, codes.q_min, codes.q_max);
    };
    if (n <= block) return sum(0, n);
    constexpr int64_t most = 256;
    double total = 0;
    for (int64_t from = 0; from < n; from += most * block) {
        double sums[most];
        const int64_t blocks = std::min(most, ceil_div(n - from, block));
        split(blocks, 1, block * 200, default_threads(), [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++) sums[i] = sum(from + i * block, std::min(n, from + (i + 1) * block));
        });
        for (int64_t i = 0; i < blocks; i++) total += sums[i];
    }
    return total;
}

// Sixteen windows at a time, on as many threads as that is worth.
void set_errors(const float* x, int64_t n, int32_t steps, Windows* of) {
    const SearchKernels& kernels = search_kernels(active_isa());
    const auto vectors = static_cast<int64_t>(of->size() / range_lanes);
    std::fill(of->errors.begin(), of->errors.end(), 0.0);
    split(vectors, 1, n * 1'200, default_threads(), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * range_lanes; i < end * range_lanes; i += range_lanes) {
            double* errors = of->errors.data() + i;
            const float* scales = of->scales.data() + i;
            kernels.range_errors(x, n, {scales, of->least.data() + i, static_cast<float>(steps)}, errors);
            for (int k = 0; k < range_lanes; k++)
                errors[k] *= static_cast<double>(scales[k]) * static_cast<double>(scales[k]);
        }
    });
}

// What one thread works with.
struct Worker {
    WeightedValues values;
    Occupied occupied;
    Magnitudes magnitudes;
    SearchWorkspace search;
};

Limits least_error(const float* x, int64_t n, float min, float max, const RangeCodes& codes, Worker* worker) {
    const auto balance = [&] {
        worker->values.gather(x, nullptr, n, false);
        return Balance<WeightedValues>(worker->values);
    };
    const auto errors = [&](Windows* windows) { set_errors(x, n, codes.steps(), windows); };
    const auto error = [&](float scale, int32_t zero_point) { return error_of(x, n, scale, zero_point, codes); };
    Limits range;
    least_error_range(codes, min, max, density_for(n), balance, errors, error, &worker->search, &range.lo, &range.hi);
    return range;
}

Limits least_error(const Occupied& of, const RangeCodes& codes, SearchWorkspace* work) {
    const auto balance = [&] { return Balance<Occupied>(of); };
    const auto errors = [&](Windows* windows) {
        for (size_t i = 0; i < windows->size(); i++) {
            const double scale = windows->scales[i], first = scale * static_cast<double>(windows->least[i]);
            windows->errors[i] = of.error({scale, first, first + scale * codes.steps()});
        }
    };
    const auto error = [&](float scale, int32_t zero_point) {
        return of.error(scale, zero_point, codes.q_min, codes.q_max);
    };
    Limits range;
    least_error_range(codes, of.min(), of.max(), density_for(of.size()), balance, errors, error, work, &range.lo,
                      &range.hi);
    return range;
}

Limits range_of(const RangeChoice& choice, const RangeCodes& codes, Worker* worker) {
    const Occupied& of = worker->occupied;
    switch (choice.method) {
        case OCTAVO_RANGE_LEAST_ERROR:
            return least_error(of, codes, &worker->search);
        case OCTAVO_RANGE_PERCENTILE:
            return percentile_range(of, codes, choice.share, &worker->magnitudes);
        case OCTAVO_RANGE_ANALYTICAL:
            return analytical_range(of, codes);
        case OCTAVO_RANGE_ENTROPY:
            return entropy_range(of, codes, &worker->magnitudes);
        default:
            invalid("range method is " + std::to_string(choice.method) + ", expected one of octavo_range");
    }
}

}  // namespace

void group_fit_range(const float* x, const Groups& groups, const RangeChoice& choice, const RangeCodes& codes,
                     float* lo, float* hi) {
    int64_t nans = 0, infs = 0;
    group_min_max(x, groups, lo, hi, &nans, &infs);
    if (nans + infs > 0)
        throw Error(OCTAVO_NOT_FINITE, std::to_string(nans + infs) + " of the numbers are NaN or infinite");
    std::vector<Worker> workers(static_cast<size_t>(group_workers(groups)));
    for_groups(groups, groups.size * 200'000, [&](int64_t group, int thread) {
        Worker& worker = workers[static_cast<size_t>(thread)];
        const float* part = x + groups.begin(group);
        const int64_t n = groups.length(group);
        Limits range;
        if (choice.method == OCTAVO_RANGE_LEAST_ERROR) {
            range = least_error(part, n, lo[group], hi[group], codes, &worker);
        } else {
            constexpr int64_t least_bins = 2048, most_bins = 16384, bins_a_value = 32;
            const int64_t bins = std::max(least_bins, std::min(most_bins, bins_a_value * n));
            worker.occupied.set(part, n, lo[group], hi[group], bins);
            range = range_of(choice, codes, &worker);
        }
        lo[group] = range.lo;
        hi[group] = range.hi;
    });
}

double histogram_error(const Counted& x, float scale, int32_t zero_point, int32_t q_min, int32_t q_max) {
    check_scale(scale, 0);
    constexpr CodeRange any{-(1 << 22), 1 << 22};
    check_codes(q_min, q_max, any);
    check_zero_point(zero_point, 0, any);
    Occupied occupied;
    occupied.set(x);
    return occupied.error(scale, zero_point, q_min, q_max);
}

void histogram_fit_range(const Counted& x, const RangeChoice& choice, const RangeCodes& codes, float* lo, float* hi) {
    Worker worker;
    worker.occupied.set(x);
    const Limits range = range_of(choice, codes, &worker);
    *lo = range.lo;
    *hi = range.hi;
}

}  // namespace octavo
