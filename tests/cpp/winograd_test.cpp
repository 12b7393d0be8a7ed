// Family winograd on every instruction set against the definition, whether it pays or not: up to the limit of exactness, over
// bands of lines and blocks of tiles, and which weights are beyond the limit.
#include <gtest/gtest.h>

#include <algorithm>

#include "ops/sum_bounds.h"
#include "ops/winograd_product.h"
#include "registry/products.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

ConvGeometry geometry_of(const Problem& p) {
    ConvGeometry g = {};
    g.channels = p.x.dims[1];
    g.height = p.x.dims[2];
    g.width = p.x.dims[3];
    g.outputs = p.y.dims[1];
    g.out_height = p.y.dims[2];
    g.out_width = p.y.dims[3];
    g.kernel_h = g.kernel_w = 3;
    g.stride_h = g.stride_w = g.dilation_h = g.dilation_w = g.groups = 1;
    g.pad_top = p.attributes.pad[0];
    g.pad_left = p.attributes.pad[1];
    g.pad_bottom = p.attributes.pad[2];
    g.pad_right = p.attributes.pad[3];
    return g;
}

// [O, I, 3, 3] to [O, 3, 3, I].
DenseWeights weights_of(const Problem& p) {
    DenseWeights weights = dense_weights(p.w, "conv");
    const int64_t inputs = p.w.dims[1];
    std::vector<std::byte> values(static_cast<size_t>(weights.outputs * weights.depth));
    for (int64_t n = 0; n < weights.outputs; n++) {
        for (int64_t i = 0; i < inputs; i++) {
            for (int64_t t = 0; t < 9; t++) {
                values[static_cast<size_t>((n * 9 + t) * inputs + i)] =
                    static_cast<std::byte>(weights.values[static_cast<size_t>((n * inputs + i) * 9 + t)]);
            }
        }
    }
    weights.values = WeightValues(Contents(std::move(values)));
    return weights;
}

std::vector<uint8_t> results(const WinogradProduct& product, const ConvGeometry& g, const Problem& p, int64_t bands) {
    const GuardedBuffer<uint8_t> x(p.codes), residual(p.residual_codes);
    GuardedBuffer<uint8_t> y(static_cast<size_t>(g.out_height * g.out_width * g.outputs));
    const int64_t groups = (g.out_height + 3) / 4;
    for (int64_t band = 0; band < bands; band++) {
        Lines lines = {};
        lines.first = groups * band / bands * 4;
        lines.lines = std::min(g.out_height, groups * (band + 1) / bands * 4) - lines.first;
        if (lines.lines <= 0) continue;
        lines.pixels = g.out_width;
        lines.pixel_bytes = g.channels;
        lines.line_bytes = g.width * g.channels;
        lines.a = x.data() + lines.first * lines.line_bytes;
        const int64_t at = lines.first * g.out_width * g.outputs;
        lines.c = y.data() + at;
        lines.residual = p.has_residual ? residual.data() + at : nullptr;
        GuardedBuffer<std::byte> scratch(product.scratch_bytes(lines.lines * lines.pixels));
        lines.scratch = scratch.data();
        for (int64_t part = 0; part < product.parts(); part++) product.run(lines, part, part + 1);
    }
    return y.copy();
}

bool random_problem(Random& random, Problem& p) {
    const int64_t inputs = 16 * random.pick<int64_t>({1, 1, 2, 2, 3, 4, 7, 7}), outputs = random.size_around(32, 70);
    // Now and then a line that is more than a block.
    const bool wide = random.chance(0.03);
    for (int i = 0; i < 2; i++) p.attributes.stride[i] = p.attributes.dilation[i] = 1;
    p.attributes.groups = 1;
    for (int& pad : p.attributes.pad) pad = random.pick({0, 1, 1, 1, 2, 5});
    const octavo_dtype type = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8});
    const int low = type == OCTAVO_S8 ? -128 : 0;
    p.x = random_activation(random, type,
                            {1, inputs, wide ? 3 : random.integer(1, 18), wide ? 600 : random.integer(1, 34)},
                            random.real(0.005f, 0.1f));
    if (random.chance(0.3)) p.x.code_max = low + 127;
    p.y.dims = {1, outputs, p.x.dims[2] + p.attributes.pad[0] + p.attributes.pad[2] - 2,
                p.x.dims[3] + p.attributes.pad[1] + p.attributes.pad[3] - 2};
    if (p.y.dims[2] < 1 || p.y.dims[3] < 1) return false;
    const size_t codes = static_cast<size_t>(inputs * p.x.dims[2] * p.x.dims[3]);
    const bool extreme = random.chance(0.2), one_sign = random.chance(0.2);
    p.codes = one_sign ? std::vector<uint8_t>(codes, static_cast<uint8_t>(p.x.code_max))
                       : random.codes<uint8_t>(codes, low, p.x.code_max, extreme);
    p.w = random_weights(random, OCTAVO_S8, {outputs, inputs, 3, 3}, extreme);
    p.w.zero_points.assign(p.w.scales.size(), 0);
    if (one_sign) {
        const std::byte extreme_weight = random.pick({std::byte{127}, std::byte{128}});
        change_data(p.w, [&](size_t, std::byte) { return extreme_weight; });
    }
    finish_problem(random, p, inputs * 9, true, false);
    if (p.has_residual) {
        p.residual_codes =
            random.codes<uint8_t>(static_cast<size_t>(p.y.dims[1] * p.y.dims[2] * p.y.dims[3]), 0, 255, false);
    }
    return true;
}

TEST(Winograd, EveryIsaEqualsTheDefinition) {
    Coverage coverage("winograd");
    coverage.ran(Isa::scalar);  // the definition
    Distrust distrust;
    int at_the_limit = 0;
    Sweep(400).run([&](Random& random) {
        Problem p;
        if (!random_problem(random, p)) return false;
        const ConvGeometry g = geometry_of(p);
        const DenseWeights weights = weights_of(p);
        const StageOperands operands = {&weights,
                                        quantized_input(p.x, "conv"),
                                        p.has_bias ? &p.bias : nullptr,
                                        p.has_residual ? &p.residual : nullptr,
                                        &p.y,
                                        &p.attributes,
                                        "conv"};
        if (!steps_fit_32_bits(operands)) return false;  // the operator takes the definition
        if (!WinogradProduct::fits(g, operands)) return false;
        const std::vector<uint8_t> expected = reference_conv2d(p);
        if (p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        at_the_limit +=
            g.channels == 112 && operands.x.code_max == 255 &&
            std::count(p.w.data.begin(), p.w.data.end(), p.w.data[0]) == static_cast<int64_t>(p.w.data.size());
        const int64_t bands = random.integer(1, 3);
        for (Isa isa : available_isas()) {
            for (const int64_t columns : {g.outputs, int64_t{1}}) {
                const WinogradRow* row = winograd_row(isa, columns);
                if (row == nullptr) continue;
                const WinogradProduct product(*row, g, operands);
                SCOPED_TRACE(product.kernel() + p.x.shape_text() + p.w.shape_text());
                EXPECT_TRUE(same_bits(results(product, g, p, bands), expected));
                coverage.ran(isa);
            }
        }
        return true;
    });
    EXPECT_GT(at_the_limit, 0);
    EXPECT_TRUE(distrust.trust());
}

TEST(Winograd, SumsBeyondTheLimitAreRefused) {
    constexpr int64_t limit = 1 << 25;
    for (const int a_max : {1, 127, 255}) {
        for (const int w : {127, -128}) {
            const int64_t depth = limit / (a_max * (w < 0 ? -w : w));
            std::vector<int8_t> weights(static_cast<size_t>(2 * (depth + 2)), 0);
            std::fill_n(weights.begin() + depth + 2, depth - 1, static_cast<int8_t>(w));
            EXPECT_TRUE(WinogradPanels::hold(WinogradPanels::extremes(weights.data(), 2, depth + 2), a_max));
            std::fill_n(weights.begin() + depth + 2, depth + 1, static_cast<int8_t>(w));
            EXPECT_FALSE(WinogradPanels::hold(WinogradPanels::extremes(weights.data(), 2, depth + 2), a_max));
        }
    }
}

}  // namespace
}  // namespace octavo::test
