// Whole-array functions of the C interface: argument checks.
#include "ops/arrays.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "abi/status.h"
#include "base/sizes.h"
#include "ops/fit_range.h"
#include "ops/groups.h"

namespace {

using namespace octavo;

void check_size(int64_t size, const char* what) {
    if (size < 0)
        throw Error(OCTAVO_INVALID_ARGUMENT,
                    std::string(what) + " is " + std::to_string(size) + ", expected at least 0");
}

// An array without elements may be null.
void check_array(const void* pointer, int64_t size, const char* what) {
    check_size(size, "the number of elements");
    if (size > 0) require(pointer, what);
}

ChannelShape checked_shape(int64_t outer, int64_t channels, int64_t inner) {
    check_size(outer, "outer");
    check_size(inner, "inner");
    if (channels < 1)
        throw Error(OCTAVO_INVALID_ARGUMENT, "channels is " + std::to_string(channels) + ", expected at least 1");
    checked_multiply(checked_multiply(outer, channels), checked_multiply(inner, 4));
    return {outer, channels, inner};
}

// Checks x too.
Groups checked_groups(const void* x, int64_t rows, int64_t columns, int64_t group) {
    check_size(rows, "rows");
    check_size(columns, "columns");
    if (group < 1) throw Error(OCTAVO_INVALID_ARGUMENT, "group is " + std::to_string(group) + ", expected at least 1");
    checked_multiply(checked_multiply(rows, columns), 4);
    check_array(x, rows * columns, "x");
    return {rows, columns, std::min(group, std::max<int64_t>(columns, 1))};
}

void check_levels(int32_t q_min, int32_t q_max, int32_t symmetric) {
    const auto code = [](int32_t q) { return q >= -255 && q <= 255; };
    if (q_min < q_max && code(q_min) && code(q_max) && (symmetric == 0 || (q_min <= 0 && q_max >= 0))) return;
    throw Error(OCTAVO_INVALID_ARGUMENT, "codes " + std::to_string(q_min) + " to " + std::to_string(q_max) +
                                             ", expected an ascending range within -255 to 255" +
                                             (symmetric != 0 ? " that holds 0" : ""));
}

RangeChoice checked_choice(octavo_range method, double percent) {
    if (method < OCTAVO_RANGE_LEAST_ERROR || method > OCTAVO_RANGE_ENTROPY)
        throw Error(OCTAVO_INVALID_ARGUMENT,
                    "range method is " + std::to_string(method) + ", expected one of octavo_range");
    if (method == OCTAVO_RANGE_PERCENTILE && !(percent >= 50 && percent <= 100))
        throw Error(OCTAVO_INVALID_ARGUMENT, "percent is " + std::to_string(percent) + ", expected 50 to 100");
    return {method, percent / 100};
}

Counted checked_histogram(const int64_t* counts, int32_t exponent, int64_t first, int64_t bins, float min, float max) {
    constexpr int64_t exact = int64_t{1} << 53;  // whole numbers up to here are doubles
    const auto invalid = [](const std::string& what) { throw Error(OCTAVO_INVALID_ARGUMENT, what); };
    if (exponent < -160 || exponent > 160)
        invalid("exponent is " + std::to_string(exponent) + ", expected -160 to 160");
    if (bins < 1 || first < -exact || first > exact || bins > exact)
        invalid("bins from " + std::to_string(first) + ", " + std::to_string(bins) +
                " of them, expected at least 1, within 2^53");
    require(counts, "counts");
    bool occupied = false;
    for (int64_t i = 0; i < bins; i++) {
        if (counts[i] < 0)
            invalid("count " + std::to_string(i) + " is " + std::to_string(counts[i]) + ", expected at least 0");
        occupied = occupied || counts[i] > 0;
    }
    if (!occupied) invalid("a histogram without a value");
    if (!(min <= max && std::isfinite(min) && std::isfinite(max)))
        invalid("range " + std::to_string(min) + " to " + std::to_string(max) + ", expected finite and ascending");
    return {counts, exponent, first, bins, min, max};
}

}  // namespace

octavo_status octavo_min_max(const float* x, int64_t outer, int64_t channels, int64_t inner, float* min, float* max,
                             int64_t* nan_count, int64_t* inf_count) {
    return guarded([&] {
        const ChannelShape shape = checked_shape(outer, channels, inner);
        check_array(x, shape.runs() * inner, "x");
        require(min, "min");
        require(max, "max");
        require(nan_count, "nan_count");
        require(inf_count, "inf_count");
        array_min_max(x, shape, min, max, nan_count, inf_count);
    });
}

octavo_status octavo_histogram(const float* x, int64_t n, int32_t exponent, int64_t first, int64_t bins,
                               int64_t* counts) {
    return guarded([&] {
        check_array(x, n, "x");
        require(counts, "counts");
        array_histogram(x, n, exponent, first, bins, counts);
    });
}

octavo_status octavo_quantize(const float* x, int64_t outer, int64_t channels, int64_t inner, const float* scales,
                              const int32_t* zero_points, octavo_dtype dtype, int32_t q_min, int32_t q_max, void* q) {
    return guarded([&] {
        const ChannelShape shape = checked_shape(outer, channels, inner);
        check_array(x, shape.runs() * inner, "x");
        check_array(q, shape.runs() * inner, "q");
        require(scales, "scales");
        require(zero_points, "zero_points");
        array_quantize(x, shape, scales, zero_points, dtype, q_min, q_max, q);
    });
}

octavo_status octavo_dequantize(const void* q, octavo_dtype dtype, int64_t outer, int64_t channels, int64_t inner,
                                const float* scales, const int32_t* zero_points, float* x) {
    return guarded([&] {
        const ChannelShape shape = checked_shape(outer, channels, inner);
        check_array(q, shape.runs() * inner, "q");
        check_array(x, shape.runs() * inner, "x");
        require(scales, "scales");
        require(zero_points, "zero_points");
        array_dequantize(q, dtype, shape, scales, zero_points, x);
    });
}

octavo_status octavo_nearest_level(const float* x, int64_t n, const float* levels, int32_t count, uint8_t* codes) {
    return guarded([&] {
        check_size(n, "the number of elements");
        check_array(codes, n, "codes");
        require(levels, "levels");
        group_nearest_level(x, checked_groups(x, 1, n, n < 1 ? 1 : n), levels, count, codes);
    });
}

octavo_status octavo_affine_error(const float* x, int64_t n, float scale, int32_t zero_point, int32_t q_min,
                                  int32_t q_max, double* sum) {
    return guarded([&] {
        check_array(x, n, "x");
        require(sum, "sum");
        *sum = array_affine_error(x, n, scale, zero_point, q_min, q_max);
    });
}

octavo_status octavo_squared_error(const float* a, const float* b, int64_t n, double* error, double* power) {
    return guarded([&] {
        check_array(a, n, "a");
        check_array(b, n, "b");
        array_squared_error(a, b, n, error, power);
    });
}

octavo_status octavo_group_min_max(const float* x, int64_t rows, int64_t columns, int64_t group, float* min, float* max,
                                   int64_t* nan_count, int64_t* inf_count) {
    return guarded([&] {
        const Groups groups = checked_groups(x, rows, columns, group);
        check_array(min, groups.count(), "min");
        check_array(max, groups.count(), "max");
        require(nan_count, "nan_count");
        require(inf_count, "inf_count");
        group_min_max(x, groups, min, max, nan_count, inf_count);
    });
}

octavo_status octavo_group_quantize(const float* x, int64_t rows, int64_t columns, int64_t group, const float* scales,
                                    const int32_t* zero_points, octavo_dtype dtype, int32_t q_min, int32_t q_max,
                                    void* q) {
    return guarded([&] {
        const Groups groups = checked_groups(x, rows, columns, group);
        check_array(q, rows * columns, "q");
        check_array(scales, groups.count(), "scales");
        check_array(zero_points, groups.count(), "zero_points");
        group_quantize(x, groups, scales, zero_points, dtype, q_min, q_max, q);
    });
}

octavo_status octavo_group_dequantize(const void* q, octavo_dtype dtype, int64_t rows, int64_t columns, int64_t group,
                                      const float* scales, const int32_t* zero_points, float* x) {
    return guarded([&] {
        const Groups groups = checked_groups(x, rows, columns, group);
        check_array(q, rows * columns, "q");
        check_array(scales, groups.count(), "scales");
        check_array(zero_points, groups.count(), "zero_points");
        group_dequantize(q, dtype, groups, scales, zero_points, x);
    });
}

octavo_status octavo_group_nearest_level(const float* x, int64_t rows, int64_t columns, int64_t group,
                                         const float* levels, int32_t count, uint8_t* codes) {
    return guarded([&] {
        const Groups groups = checked_groups(x, rows, columns, group);
        check_array(codes, rows * columns, "codes");
        check_array(levels, groups.count(), "levels");
        group_nearest_level(x, groups, levels, count, codes);
    });
}

octavo_status octavo_group_fit_range(const float* x, int64_t rows, int64_t columns, int64_t group, octavo_range method,
                                     double percent, int32_t q_min, int32_t q_max, int32_t symmetric, float* lo,
                                     float* hi) {
    return guarded([&] {
        const RangeChoice choice = checked_choice(method, percent);
        const Groups groups = checked_groups(x, rows, columns, group);
        check_levels(q_min, q_max, symmetric);
        check_array(lo, groups.count(), "lo");
        check_array(hi, groups.count(), "hi");
        group_fit_range(x, groups, choice, {q_min, q_max, symmetric != 0}, lo, hi);
    });
}

octavo_status octavo_group_fit_levels(const float* x, const int64_t* counts, int64_t rows, int64_t columns,
                                      int64_t group, int32_t count, float* levels, int8_t* entries, float* scales,
                                      int32_t* most) {
    return guarded([&] {
        const Groups groups = checked_groups(x, rows, columns, group);
        check_array(levels, groups.count(), "levels");
        check_array(entries, groups.count(), "entries");
        check_array(scales, groups.count(), "scales");
        require(most, "most");
        *most = group_fit_levels(x, counts, groups, count, levels, entries, scales);
    });
}

octavo_status octavo_group_fit_scale(const float* x, const int64_t* counts, int64_t rows, int64_t columns,
                                     int64_t group, const int8_t* entries, int32_t count, float* scales) {
    return guarded([&] {
        const Groups groups = checked_groups(x, rows, columns, group);
        require(entries, "entries");
        check_array(scales, groups.count(), "scales");
        group_fit_scale(x, counts, groups, entries, count, scales);
    });
}

octavo_status octavo_histogram_error(const int64_t* counts, int32_t exponent, int64_t first, int64_t bins, float min,
                                     float max, float scale, int32_t zero_point, int32_t q_min, int32_t q_max,
                                     double* sum) {
    return guarded([&] {
        const Counted x = checked_histogram(counts, exponent, first, bins, min, max);
        require(sum, "sum");
        *sum = histogram_error(x, scale, zero_point, q_min, q_max);
    });
}

octavo_status octavo_histogram_fit_range(const int64_t* counts, int32_t exponent, int64_t first, int64_t bins,
                                         float min, float max, octavo_range method, double percent, int32_t q_min,
                                         int32_t q_max, int32_t symmetric, float* lo, float* hi) {
    return guarded([&] {
        const RangeChoice choice = checked_choice(method, percent);
        const Counted x = checked_histogram(counts, exponent, first, bins, min, max);
        check_levels(q_min, q_max, symmetric);
        require(lo, "lo");
        require(hi, "hi");
        histogram_fit_range(x, choice, {q_min, q_max, symmetric != 0}, lo, hi);
    });
}
