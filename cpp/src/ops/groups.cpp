#include "ops/groups.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "ops/array_checks.h"
#include "registry/quantize.h"
#include "registry/stats.h"

namespace octavo {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// The greatest float that is nearer to `low` than to `high`, or as near: (low + high) / 2 rounded down, exactly. The sum's
// rounding error is found by Knuth's two-sum, so that the comparison 2 x <= low + high can be made without one.
float threshold(float low, float high) {
    const double a = low, b = high, sum = a + b, shift = sum - a, error = (a - (sum - shift)) + (b - shift);
    const auto beyond = [&](float x) { return 2.0 * x - sum > error; };
    float x = static_cast<float>(sum / 2);
    while (beyond(x)) x = std::nextafter(x, -infinity);
    while (!beyond(std::nextafter(x, infinity))) x = std::nextafter(x, infinity);
    return x;
}

// What nearest_level needs of one group.
struct Levels {
    alignas(64) float thresholds[256];
    uint8_t code_of[256];  // equal levels are one: its code is the first's
    LevelSearch search;
    bool all_distinct;

    Levels(const float* levels, int32_t count) : search{thresholds, 0} {
        float distinct[256];
        int size = 0;
        for (int32_t i = 0; i < count; i++) {
            if (i > 0 && levels[i] == levels[i - 1]) continue;
            distinct[size] = levels[i];
            code_of[size++] = static_cast<uint8_t>(i);
        }
        std::fill(thresholds, thresholds + 256, infinity);
        for (int i = 0; i + 1 < size; i++) thresholds[i] = threshold(distinct[i], distinct[i + 1]);
        while (1 << search.depth < size) search.depth++;
        all_distinct = size == count;
    }
};

void check_levels(const float* levels, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (!std::isfinite(levels[i]))
            throw Error(OCTAVO_NOT_FINITE, "level " + std::to_string(i) + " is " + text(levels[i]));
        if (i > 0 && levels[i] < levels[i - 1])
            invalid("level " + std::to_string(i) + " is " + text(levels[i]) + ", below its neighbour " +
                    text(levels[i - 1]) + "; expected ascending levels");
    }
}

}  // namespace

void group_min_max(const float* x, const Groups& groups, float* min, float* max, int64_t* nan_count,
                   int64_t* inf_count) {
    const StatsKernels& kernels = stats_kernels(active_isa());
    std::atomic<int64_t> nans{0}, infs{0};
    for_groups(groups, groups.size * 140, [&](int64_t group, int) {
        Range range{infinity, -infinity, 0, 0};
        kernels.range(x + groups.begin(group), groups.length(group), &range);
        min[group] = range.min;
        max[group] = range.max;
        nans += range.nan_count;
        infs += range.inf_count;
    });
    *nan_count = nans;
    *inf_count = infs;
}

void group_quantize(const float* x, const Groups& groups, const float* scales, const int32_t* zero_points,
                    octavo_dtype dtype, int32_t q_min, int32_t q_max, void* q) {
    const CodeRange full = checked_range(dtype);
    check_codes(q_min, q_max, full);
    for (int64_t i = 0; i < groups.count(); i++) {
        check_scale(scales[i], i);
        check_zero_point(zero_points[i], i, full);
    }
    const QuantizeKernels& kernels = quantize_kernels(active_isa());
    const auto kernel = dtype == OCTAVO_U8 ? kernels.fused_u8 : kernels.fused_s8;
    for_groups(groups, groups.size * 160, [&](int64_t i, int) {
        const int64_t from = groups.begin(i);
        kernel({x + from, static_cast<uint8_t*>(q) + from, groups.length(i), 1.0f / scales[i], zero_points[i], q_min,
                q_max});
    });
}

void group_dequantize(const void* q, octavo_dtype dtype, const Groups& groups, const float* scales,
                      const int32_t* zero_points, float* x) {
    checked_range(dtype);
    for (int64_t i = 0; i < groups.count(); i++) check_scale(scales[i], i);
    const QuantizeKernels& kernels = quantize_kernels(active_isa());
    const auto kernel = dtype == OCTAVO_U8 ? kernels.dequantize_u8 : kernels.dequantize_s8;
    for_groups(groups, groups.size * 160, [&](int64_t i, int) {
        const int64_t from = groups.begin(i);
        kernel({static_cast<const uint8_t*>(q) + from, x + from, groups.length(i), scales[i], zero_points[i]});
    });
}

void group_nearest_level(const float* x, const Groups& groups, const float* levels, int32_t count, uint8_t* codes) {
    if (count < 1 || count > 256) invalid("count is " + std::to_string(count) + ", expected 1 to 256 levels");
    for (int64_t i = 0; i < groups.count(); i++) check_levels(levels + i * count, count);
    const StatsKernels& kernels = stats_kernels(active_isa());
    std::atomic<int64_t> nan_count{0};
    for_groups(groups, groups.size * 500, [&](int64_t i, int) {
        const Levels of(levels + i * count, count);
        const int64_t from = groups.begin(i), n = groups.length(i);
        split(n, 64, 100 * (1 + of.search.depth), default_threads(), [&](int64_t begin, int64_t end) {
            uint8_t* code = codes + from;
            nan_count += kernels.nearest_level(x + from + begin, end - begin, of.search, code + begin);
            if (!of.all_distinct)
                for (int64_t j = begin; j < end; j++) code[j] = of.code_of[code[j]];
        });
    });
    if (nan_count > 0) throw Error(OCTAVO_NOT_FINITE, std::to_string(nan_count) + " of the numbers are NaN");
}

}  // namespace octavo
