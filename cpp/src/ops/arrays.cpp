#include "ops/arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "cpu/pool.h"
#include "ops/array_checks.h"
#include "ops/split.h"
#include "registry/quantize.h"
#include "registry/stats.h"

namespace octavo {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Runs shorter than this are not worth a vector kernel's entry and exit.
constexpr int64_t short_run = 16;

Isa isa_for(int64_t run) { return run < short_run ? Isa::scalar : active_isa(); }

// Calls body(run, begin, end) for elements [begin, end) of each run; over runs or, where these are few, within them.
template <class F>
void split_runs(int64_t runs, int64_t inner, int64_t cost, const F& body) {
    const int threads = default_threads();
    if (inner == 0) return;  // of however many runs
    if (runs >= threads) {
        split(runs, 1, inner * cost, threads, [&](int64_t begin, int64_t end) {
            for (int64_t run = begin; run < end; run++) body(run, int64_t{0}, inner);
        });
    } else {
        for (int64_t run = 0; run < runs; run++)
            split(inner, 64, cost, threads, [&](int64_t begin, int64_t end) { body(run, begin, end); });
    }
}

Range empty_range() { return {infinity, -infinity, 0, 0}; }

void merge(const Range& from, Range* to) {
    to->min = std::min(to->min, from.min);
    to->max = std::max(to->max, from.max);
    to->nan_count += from.nan_count;
    to->inf_count += from.inf_count;
}

Range range_of(const float* x, int64_t n, const StatsKernels& kernels) {
    constexpr int64_t block = int64_t{1} << 16;
    const int64_t parts = std::min<int64_t>(ceil_div(n, block), 64);
    if (parts <= 1 || default_threads() == 1) {
        Range range = empty_range();
        kernels.range(x, n, &range);
        return range;
    }
    Range ranges[64];
    split(parts, 1, n / parts * 140, default_threads(), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) {
            ranges[i] = empty_range();
            kernels.range(x + n * i / parts, n * (i + 1) / parts - n * i / parts, &ranges[i]);
        }
    });
    Range all = empty_range();
    for (int64_t i = 0; i < parts; i++) merge(ranges[i], &all);
    return all;
}

// Counts into four tables of 32 bits a thread, which are added up then. The last of the result's bins.count + 1 is of the
// elements outside the bins or not finite.
std::vector<int64_t> count(const float* x, int64_t n, const Bins& bins, const StatsKernels& kernels) {
    constexpr int64_t most_at_once = int64_t{1} << 30;              // a table's entry cannot overflow
    const int64_t stride = round_up<int64_t>(bins.count, 16) + 16;  // tables start in different sets of the cache
    const int64_t worth = std::max<int64_t>(n / std::max<int64_t>(4 * bins.count, int64_t{1} << 16), 1);
    const int64_t parts = std::min<int64_t>(default_threads(), worth);
    std::vector<int64_t> counts(static_cast<size_t>(bins.count + 1));
    for (int64_t from = 0; from < n; from += most_at_once) {
        const int64_t size = std::min(most_at_once, n - from);
        AlignedArray<uint32_t> tables(static_cast<size_t>(parts * 4 * stride));
        parallel_for(parts, static_cast<int>(parts), [&](int64_t i, int) {
            const int64_t begin = size * i / parts, end = size * (i + 1) / parts;
            kernels.histogram(x + from + begin, end - begin, bins, tables.data() + i * 4 * stride, stride);
        });
        for (int64_t i = 0; i < parts; i++) {
            const uint32_t* table = tables.data() + i * 4 * stride;
            for (int64_t bin = 0; bin <= bins.count; bin++)
                counts[static_cast<size_t>(bin)] +=
                    table[bin] + table[stride + bin] + table[2 * stride + bin] + table[3 * stride + bin];
        }
    }
    return counts;
}

}  // namespace

double sum_pairwise(double* parts) {
    for (int step = sum_parts / 2; step > 0; step /= 2)
        for (int i = 0; i < step; i++) parts[i] += parts[i + step];
    // Which NaN an infinity made differs between instruction sets.
    return parts[0] != parts[0] ? std::numeric_limits<double>::quiet_NaN() : parts[0];
}

void array_min_max(const float* x, const ChannelShape& shape, float* min, float* max, int64_t* nan_count,
                   int64_t* inf_count) {
    const StatsKernels& kernels = stats_kernels(isa_for(shape.inner));
    std::vector<Range> ranges(static_cast<size_t>(shape.channels), empty_range());
    const bool one_run = shape.channels == 1;
    if (shape.inner == 0) {
        // Nothing to see, in however many runs.
    } else if (one_run) {
        ranges[0] = range_of(x, shape.outer * shape.inner, stats_kernels(active_isa()));
    } else {
        split(shape.channels, 1, shape.outer * shape.inner * 140, default_threads(), [&](int64_t begin, int64_t end) {
            for (int64_t o = 0; o < shape.outer; o++)
                for (int64_t c = begin; c < end; c++)
                    kernels.range(x + (o * shape.channels + c) * shape.inner, shape.inner, &ranges[c]);
        });
    }
    *nan_count = *inf_count = 0;
    for (int64_t c = 0; c < shape.channels; c++) {
        min[c] = ranges[c].min;
        max[c] = ranges[c].max;
        *nan_count += ranges[c].nan_count;
        *inf_count += ranges[c].inf_count;
    }
}

void array_histogram(const float* x, int64_t n, int32_t exponent, int64_t first, int64_t bins, int64_t* counts) {
    constexpr int64_t exact = int64_t{1} << 53;  // whole numbers up to here are doubles
    if (exponent < -160 || exponent > 160)
        invalid("exponent is " + std::to_string(exponent) + ", expected -160 to 160");
    if (bins < 1) invalid("bins is " + std::to_string(bins) + ", expected at least 1");
    if (first < -exact || first > exact || bins > exact)
        invalid("bins from " + std::to_string(first) + ", " + std::to_string(bins) + " of them, expected within 2^53");
    const double factor = std::ldexp(1.0, -exponent);
    const auto bin_of = [&](float v) {
        return std::floor(static_cast<double>(v) * factor) - static_cast<double>(first);
    };
    const auto refuse_outside = [&] {
        for (int64_t i = 0; i < n; i++) {
            if (!std::isfinite(x[i])) continue;
            const double bin = bin_of(x[i]);
            if (bin < 0 || bin >= static_cast<double>(bins))
                invalid("element " + std::to_string(i) + " is " + text(x[i]) + ", outside the " + std::to_string(bins) +
                        " bins from " + text(std::ldexp(static_cast<double>(first), exponent)));
        }
    };
    constexpr int64_t most_table_bins = int64_t{1} << 20;
    if (bins > most_table_bins || bins > n) {
        refuse_outside();
        for (int64_t i = 0; i < n; i++)
            if (std::isfinite(x[i])) counts[static_cast<int64_t>(bin_of(x[i]))]++;
        return;
    }
    const std::vector<int64_t> found =
        count(x, n, {factor, static_cast<double>(first), bins}, stats_kernels(active_isa()));
    if (found.back() > 0) refuse_outside();
    for (int64_t i = 0; i < bins; i++) counts[i] += found[static_cast<size_t>(i)];
}

void array_quantize(const float* x, const ChannelShape& shape, const float* scales, const int32_t* zero_points,
                    octavo_dtype dtype, int32_t q_min, int32_t q_max, void* q) {
    const CodeRange full = checked_range(dtype);
    check_codes(q_min, q_max, full);
    for (int64_t c = 0; c < shape.channels; c++) {
        check_scale(scales[c], c);
        check_zero_point(zero_points[c], c, full);
    }
    const QuantizeKernels& kernels = quantize_kernels(isa_for(shape.inner));
    const bool per_tensor = shape.channels == 1;
    const auto kernel = dtype == OCTAVO_U8 ? (per_tensor ? kernels.fused_u8 : kernels.two_step_u8)
                                           : (per_tensor ? kernels.fused_s8 : kernels.two_step_s8);
    split_runs(shape.runs(), shape.inner, 160, [&](int64_t run, int64_t begin, int64_t end) {
        const int64_t channel = run % shape.channels, from = run * shape.inner + begin;
        kernel({x + from, static_cast<uint8_t*>(q) + from, end - begin, 1.0f / scales[channel], zero_points[channel],
                q_min, q_max});
    });
}

void array_dequantize(const void* q, octavo_dtype dtype, const ChannelShape& shape, const float* scales,
                      const int32_t* zero_points, float* x) {
    if (dtype != OCTAVO_U8 && dtype != OCTAVO_S8 && dtype != OCTAVO_S32)
        invalid("dtype is " + std::to_string(dtype) + ", expected U8, S8 or S32");
    for (int64_t c = 0; c < shape.channels; c++) check_scale(scales[c], c);
    const QuantizeKernels& kernels = quantize_kernels(isa_for(shape.inner));
    const auto kernel = dtype == OCTAVO_U8   ? kernels.dequantize_u8
                        : dtype == OCTAVO_S8 ? kernels.dequantize_s8
                                             : kernels.dequantize_s32;
    const int64_t bytes = dtype == OCTAVO_S32 ? 4 : 1;
    split_runs(shape.runs(), shape.inner, 160, [&](int64_t run, int64_t begin, int64_t end) {
        const int64_t channel = run % shape.channels, from = run * shape.inner + begin;
        kernel(
            {static_cast<const char*>(q) + from * bytes, x + from, end - begin, scales[channel], zero_points[channel]});
    });
}

double array_affine_error(const float* x, int64_t n, float scale, int32_t zero_point, int32_t q_min, int32_t q_max) {
    check_scale(scale, 0);
    const CodeRange any{-(1 << 22), 1 << 22};  // exact as floats
    check_codes(q_min, q_max, any);
    check_zero_point(zero_point, 0, any);
    double parts[sum_parts] = {};
    stats_kernels(active_isa()).affine_error(x, n, {scale, 1.0f / scale, zero_point, q_min, q_max}, parts);
    return sum_pairwise(parts);
}

void array_squared_error(const float* a, const float* b, int64_t n, double* error, double* power) {
    double errors[sum_parts] = {}, powers[sum_parts] = {};
    stats_kernels(active_isa()).squared_error(a, b, n, errors, powers);
    if (error != nullptr) *error = sum_pairwise(errors);
    if (power != nullptr) *power = sum_pairwise(powers);
}

}  // namespace octavo
