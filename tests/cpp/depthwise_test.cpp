// Family depthwise: every instruction set against the scalar definition, over channels around the blocks and any number of taps.
#include <gtest/gtest.h>

#include "ops/depthwise_product.h"
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

}  // namespace
}  // namespace octavo::test
