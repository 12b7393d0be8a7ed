#include "ops/conv_taps.h"

#include <algorithm>
#include <utility>

#include "registry/transpose.h"

namespace octavo {

DenseWeights reordered(const DenseWeights& weights, const ConvGeometry& g, int64_t merged, Isa isa,
                       const Share& share) {
    const int64_t inputs = g.channels / g.groups, outputs = g.outputs / g.groups, taps = g.kernel_h * g.kernel_w;
    if (merged == 1 && (taps == 1 || inputs == 1)) return weights;
    const int64_t depth = taps * inputs * merged;
    const TransposeKernels* const transpose = &transpose_kernels(isa);
    DenseWeights result = weights;
    result.depth = depth;
    const auto recipe = [=, given = weights] {
        Hash key;
        given.describe_values(key.add(std::string("reordered")));
        return key.add(taps).add(inputs).add(outputs).add(merged).add(given.zero_points).digest();
    };
    result.values =
        WeightValues::made(static_cast<size_t>(weights.outputs * depth), recipe, [=, given = weights](int8_t* values) {
            const int8_t* const from = given.values.data();
            share(given.outputs, [&](int64_t n) {
                int8_t* const to = values + n * depth;
                if (merged > 1) std::fill_n(to, depth, static_cast<int8_t>(given.zero_points[static_cast<size_t>(n)]));
                transpose->bytes(from + n * given.depth, taps, to + n / outputs % merged * inputs, inputs * merged,
                                 inputs, taps);
            });
        });
    return result;
}

GroupLayout taps_of(const ConvGeometry& g, int64_t pitch, int64_t channels) {
    GroupLayout layout;
    layout.pixel_bytes = g.stride_w * g.channels;
    layout.line_bytes = g.stride_h * pitch;
    const bool dense = channels == g.channels && g.dilation_w == 1;
    for (int64_t ky = 0; ky < g.kernel_h; ky++) {
        const int64_t row = ky * g.dilation_h * pitch, first = ky * g.kernel_w * channels;
        if (dense) {
            layout.add_run(row, first, g.kernel_w * channels);
            continue;
        }
        for (int64_t kx = 0; kx < g.kernel_w; kx++) {
            layout.add_run(row + kx * g.dilation_w * g.channels, first + kx * channels, channels);
        }
    }
    return layout;
}

GroupLayout columns_of_taps(const ConvGeometry& g, int64_t channels) {
    GroupLayout layout;
    for (int64_t kx = 0; kx < g.kernel_w; kx++) {
        for (int64_t ky = 0; ky < g.kernel_h; ky++) {
            const int64_t pixels = (ky * g.dilation_h - g.pad_top) * g.width + kx * g.dilation_w - g.pad_left;
            layout.add_run(pixels * g.channels, (ky * g.kernel_w + kx) * channels, channels);
        }
    }
    return layout;
}

int64_t groups_to_merge(const ConvGeometry& g, int lanes) {
    const int64_t outputs = g.outputs / g.groups;
    int64_t merged = 1;
    for (int64_t q = 2; q <= g.groups && q * outputs <= lanes; q++) {
        if (g.groups % q == 0) merged = q;
    }
    return merged;
}

}  // namespace octavo
