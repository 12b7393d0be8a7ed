// Whole-array functions of the C interface: argument checks.
#include "ops/arrays.h"

#include <string>

#include "abi/status.h"
#include "base/sizes.h"

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
        check_array(x, n, "x");
        check_array(codes, n, "codes");
        require(levels, "levels");
        array_nearest_level(x, n, levels, count, codes);
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
