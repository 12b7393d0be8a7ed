// Family conv: each pixel stride, number of outputs and line length against the scalar definition.
#include <gtest/gtest.h>

#include "ops/pixel_product.h"
#include "ops/sum_bounds.h"
#include "support/agree.h"
#include "support/problems.h"

namespace octavo::test {
namespace {

TEST(ConvLine, EqualsScalarForEveryStrideAndNumberOfOutputs) {
    const ConvLineRow* row = conv_line_row(active_isa());
    if (row == nullptr) GTEST_SKIP() << "no byte permutes (VBMI) here: these layers run on gemm tiles";
    Distrust distrust;
    for (int64_t stride = 1; stride <= conv_line_pixel_stride; stride++) {
        for (int64_t outputs = 1; outputs <= conv_line_outputs; outputs++) {
            SCOPED_TRACE("stride " + std::to_string(stride) + " outputs " + std::to_string(outputs));
            Sweep(25).run([&](Random& random) {
                const int64_t runs = random.integer(1, 5), run = random.integer(1, 30),
                              pixels = random.size_around(16, 80);
                const int64_t pitch = (pixels - 1) * stride + run, depth = runs * run;
                GroupLayout layout;
                for (int64_t r = 0; r < runs; r++) layout.add_run(r * pitch, r * run, run);
                Problem p;
                const bool extreme = random.chance(0.2);
                p.x = random_activation(random, OCTAVO_U8, {1, depth}, 0.02f);
                p.w = random_weights(random, OCTAVO_S8, {outputs, depth}, extreme);
                p.w.zero_points.assign(p.w.scales.size(), 0);
                p.y.dims = {1, outputs};
                finish_problem(random, p, depth, false, false);
                const DenseWeights weights = dense_weights(p.w, "conv");
                const StageOperands operands = {&weights,
                                                quantized_input(p.x, "conv"),
                                                p.has_bias ? &p.bias : nullptr,
                                                nullptr,
                                                &p.y,
                                                &p.attributes,
                                                "conv"};
                if (!steps_fit_32_bits(operands)) return false;  // the operator takes the definition
                const PixelProduct scalar(conv_line_scalar, layout, operands, stride, 1),
                    fast(*row, layout, operands, stride, 1);
                const size_t bytes = static_cast<size_t>(runs * pitch + fast.over_read());
                const GuardedBuffer<uint8_t> a(random.codes<uint8_t>(bytes, 0, 255, extreme));
                const auto results = [&](const PixelProduct& product) {
                    GuardedBuffer<uint8_t> y(static_cast<size_t>(pixels * outputs));
                    Lines lines = {};
                    lines.a = a.data();
                    lines.pixel_bytes = stride;
                    lines.lines = 1;
                    lines.pixels = pixels;
                    lines.c = y.data();
                    product.run(lines, 0, 1);
                    return y.copy();
                };
                const auto expected = results(scalar);
                if (!extreme && p.attributes.activation == OCTAVO_NO_ACTIVATION) distrust.saw(expected);
                EXPECT_TRUE(same_bits(results(fast), expected)) << "pixels " << pixels << " depth " << depth;
                return true;
            });
        }
    }
    EXPECT_TRUE(distrust.trust());
}

}  // namespace
}  // namespace octavo::test
