// Family depthwise: every instruction set against the scalar definition, over channels around the blocks and any number of taps.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "ops/depthwise_product.h"
#include "ops/sum_bounds.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

TEST(Depthwise, EveryIsaEqualsScalar) {
    Coverage coverage("depthwise");
    Distrust distrust;
    Sweep(400).run([&](Random& random) {
        const int64_t channels = random.size_around(random.pick({16, 32, 64}), 200), pixels = random.integer(1, 20);
        const int64_t taps = random.pick<int64_t>({1, 2, 3, 4, 5, 8, 9, 9, 9, 10, 11, 12, 15, 25, 49});
        const int64_t stride = channels * random.integer(1, 2);
        const bool extreme = random.chance(0.2);
        // Taps anywhere in a few lines of the image.
        const int64_t reach = channels * random.integer(1, 30);
        std::vector<int32_t> offsets;
        for (int64_t t = 0; t < taps; t++) offsets.push_back(static_cast<int32_t>(random.integer(0, reach)));
        Problem p;
        p.x = random_activation(random, OCTAVO_U8, {1, taps}, 0.02f);
        p.w = random_weights(random, OCTAVO_S8, {channels, taps}, extreme);
        p.w.zero_points.assign(p.w.scales.size(), 0);
        p.y.dims = {1, channels};
        finish_problem(random, p, taps, false, false);
        const DenseWeights weights = dense_weights(p.w, "depthwise");
        const StageOperands operands = {
            &weights,   quantized_input(p.x, "depthwise"), p.has_bias ? &p.bias : nullptr, nullptr, &p.y, &p.attributes,
            "depthwise"};
        if (!steps_fit_32_bits(operands)) return false;  // the operator takes the definition
        const size_t bytes = static_cast<size_t>((pixels - 1) * stride + reach + channels);
        const std::vector<uint8_t> image = random.codes<uint8_t>(bytes, 0, 255, extreme);
        std::vector<uint8_t> expected;
        for (Isa isa : available_isas()) {
            const DepthwiseProduct product(depthwise_row(isa), offsets, operands);
            std::vector<uint8_t> readable = image;
            readable.resize(bytes + static_cast<size_t>(product.over_read()), 77);
            const GuardedBuffer<uint8_t> a(readable);
            GuardedBuffer<uint8_t> y(static_cast<size_t>(pixels * channels),
                                     random.chance(0.5) ? Guard::after : Guard::before);
            Lines lines = {};
            lines.a = a.data();
            lines.pixel_bytes = stride;
            lines.lines = 1;
            lines.pixels = pixels;
            lines.c = y.data();
            product.run(lines, 0, 1);
            if (isa == Isa::scalar) {
                expected = y.copy();
                if (!extreme && p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
            }
            EXPECT_TRUE(same_bits(y.copy(), expected))
                << product.kernel() << " channels " << channels << " taps " << taps << " pixels " << pixels;
            coverage.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

// Lines by columns, and images of known widths, with every table of kernels, whether or not the one that this CPU prefers,
// against the definition. Neither images nor results have anything behind them that may be touched.
TEST(Depthwise, ColumnsAndImagesOfEveryTableEqualTheDefinition) {
    Distrust distrust;
    int64_t images = 0;
    Sweep(1600).run([&](Random& random) {
        Problem p;
        const int64_t channels = random.chance(0.5) ? random.integer(16, 70) : random.integer(71, 200);
        const int64_t kernel = random.pick<int64_t>({3, 5}), stride = random.integer(1, 2);
        p.attributes.groups = static_cast<int>(channels);
        p.attributes.stride[1] = static_cast<int>(stride);
        p.attributes.stride[0] = static_cast<int>(random.chance(0.8) ? stride : random.integer(1, 3));
        p.attributes.dilation[0] = random.chance(0.9) ? 1 : 2;
        p.attributes.dilation[1] = 1;
        for (int& pad : p.attributes.pad) pad = random.pick({0, 1, 1, 2, 2, 9});
        const bool extreme = random.chance(0.2);
        int64_t height = random.integer(1, 10), width = random.integer(1, 40);
        if (random.chance(0.4)) {
            height = random.integer(1, 20);
            width = random.pick<int64_t>({4, 7, 8, 14, 16});
            p.attributes.pad[1] = p.attributes.pad[3] = static_cast<int>(kernel / 2);
        }
        p.x = random_activation(random, OCTAVO_U8, {1, channels, height, width}, 0.02f);
        p.x.zero_points = {random.pick({0, 1, 127, 128, 255})};
        p.codes = random.codes<uint8_t>(static_cast<size_t>(channels * height * width), 0, 255, extreme);
        p.w = random_weights(random, OCTAVO_S8, {channels, 1, kernel, kernel}, extreme);
        p.w.zero_points.assign(p.w.scales.size(), 0);
        const Attributes& a = p.attributes;
        const int64_t out_height = (height + a.pad[0] + a.pad[2] - (kernel - 1) * a.dilation[0] - 1) / a.stride[0] + 1;
        const int64_t out_width = (width + a.pad[1] + a.pad[3] - kernel) / stride + 1;
        if (height + a.pad[0] + a.pad[2] <= (kernel - 1) * a.dilation[0] || width + a.pad[1] + a.pad[3] < kernel)
            return false;
        p.y.dims = {1, channels, out_height, out_width};
        finish_problem(random, p, kernel * kernel, false, false);
        const std::vector<uint8_t> expected = reference_conv2d(p);
        if (!extreme && a.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
        const DenseWeights weights = dense_weights(p.w, "depthwise");
        const StageOperands operands = {
            &weights,   quantized_input(p.x, "depthwise"), p.has_bias ? &p.bias : nullptr, nullptr, &p.y, &p.attributes,
            "depthwise"};
        if (!steps_fit_32_bits(operands)) return false;  // the operator takes the definition
        ConvGeometry g = {};
        g.channels = g.outputs = g.groups = channels;
        g.height = height;
        g.width = width;
        g.out_height = out_height;
        g.out_width = out_width;
        g.kernel_h = g.kernel_w = kernel;
        g.stride_h = a.stride[0];
        g.stride_w = stride;
        g.dilation_h = a.dilation[0];
        g.dilation_w = 1;
        g.pad_top = a.pad[0];
        g.pad_left = a.pad[1];
        g.pad_bottom = a.pad[2];
        g.pad_right = a.pad[3];
        const Guard guard = random.chance(0.5) ? Guard::after : Guard::before;
        const GuardedBuffer<uint8_t> image(p.codes, guard);
        for (const auto& [isa, row] :
             {std::make_pair(Isa::avx2, &depthwise_avx2), std::make_pair(Isa::avx512, &depthwise_avx512),
              std::make_pair(Isa::vnni, &depthwise_vnni), std::make_pair(Isa::vbmi, &depthwise_vbmi_vnni)}) {
            if (!isa_supported(isa)) continue;
            const auto check = [&, byte_permutes = row == &depthwise_vbmi_vnni](const LineProduct& product) {
                GuardedBuffer<uint8_t> y(expected.size(), guard);
                // In pieces, as threads would take them.
                const int64_t piece = random.integer(1, out_height), line_results = out_width * channels;
                for (int64_t first = 0; first < out_height; first += piece) {
                    Lines lines = {};
                    lines.a = image.data() + first * g.stride_h * width * channels;
                    lines.first = first;
                    lines.lines = std::min(piece, out_height - first);
                    lines.pixels = out_width;
                    lines.c = y.data() + first * line_results;
                    product.run(lines, 0, 1);
                }
                EXPECT_TRUE(same_bits(y.copy(), expected))
                    << product.kernel() << (byte_permutes ? " with byte permutes" : "") << " channels " << channels
                    << " image " << height << " x " << width << " stride " << g.stride_h << ", " << stride
                    << " padding " << a.pad[0] << " " << a.pad[1] << " " << a.pad[2] << " " << a.pad[3] << " dilation "
                    << g.dilation_h;
            };
            EXPECT_TRUE(DepthwiseColumnsProduct::fits(*row, g));
            check(DepthwiseColumnsProduct(*row, g, operands));
            const DepthwiseImage* known = DepthwiseImageProduct::kernel_for(*row, g);
            if (known == nullptr) continue;
            check(DepthwiseImageProduct(*row, *known, g, operands));
            images++;
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
    EXPECT_TRUE(images > 0 || !isa_supported(Isa::vbmi));
}

}  // namespace
}  // namespace octavo::test
