// Float convolution and its gradients against straight loops in double, and these loops against central differences.
#include <algorithm>
#include <limits>

#include "onednn/convolution.h"

namespace octavo::test {
namespace {

const Conv demo1{64, 3, 32, 32, 6, 5, 5, 1, 1, 1, 1, {2, 2, 2, 2}};
const Conv demo2{64, 6, 16, 16, 16, 5, 5};

Conv with_batch(Conv conv, int64_t n) {
    conv.n = n;
    return conv;
}

// Shapes that take each way through the library: folds by 2 and 4, no fold for odd widths, groups, depthwise, strides.
std::vector<Conv> shapes() {
    return {with_batch(demo1, 1),
            with_batch(demo1, 3),
            with_batch(demo2, 1),
            with_batch(demo2, 3),
            {2, 3, 9, 8, 4, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}},
            {2, 2, 8, 8, 3, 3, 4, 1, 1, 1, 1, {0, 3, 0, 0}},
            {3, 1, 7, 12, 1, 1, 1},
            {2, 5, 7, 9, 7, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}},
            {2, 16, 8, 8, 32, 3, 3, 2, 2, 1, 1, {1, 1, 1, 1}},
            {1, 17, 9, 5, 19, 3, 2, 2, 1, 1, 2, {2, 0, 1, 1}},
            {2, 8, 10, 10, 8, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}, 8},
            {2, 8, 6, 6, 12, 3, 3, 1, 1, 1, 1, {0, 1, 1, 0}, 4},
            {2, 4, 11, 11, 5, 3, 3, 1, 1, 2, 3, {2, 3, 2, 3}},
            {2, 3, 10, 7, 5, 5, 3, 3, 2, 1, 1, {1, 0, 3, 2}},
            {2, 6, 8, 8, 5, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}, 1, OCTAVO_PLAIN},
            {1, 20, 5, 6, 17, 3, 3, 2, 2, 1, 1, {1, 1, 0, 0}, 1, OCTAVO_PLAIN}};
}

TEST(OnednnConv2d, ForwardIsTheSumOfProducts) {
    Random random(1);
    for (const Conv& c : shapes()) {
        for (bool constant : {false, true}) {
            check_forward(c, {false, constant}, random);
            check_forward(c, {true, constant, false, OCTAVO_RELU}, random);
            check_forward(c, {true, constant, true, OCTAVO_CLAMP, 1, true}, random);
            check_forward(c, {false, constant, true, OCTAVO_RELU, 2}, random);
        }
    }
}

TEST(OnednnConv2d, ForwardOfRandomShapes) {
    Sweep(60).run([](Random& random) {
        Conv c{random.integer(1, 3),      random.size_around(8, 20), random.integer(1, 13), random.integer(1, 13),
               random.size_around(8, 20), random.integer(1, 5),      random.integer(1, 5)};
        c.sh = random.integer(1, 3), c.sw = random.integer(1, 3);
        c.dh = random.integer(1, 2), c.dw = random.integer(1, 2);
        for (int64_t& p : c.pad) p = random.integer(0, 2);
        c.layout = random.pick({OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_PLAIN});
        if (!c.fits()) return false;
        check_forward(
            c,
            {random.chance(0.5), random.chance(0.5), random.chance(0.3),
             random.pick<octavo_activation>({OCTAVO_NO_ACTIVATION, OCTAVO_RELU, OCTAVO_CLAMP}), 1, random.chance(0.5)},
            random);
        return true;
    });
}

// NaN in any operand, or made by infinities of both signs, comes through the activation that the convolution does as well.
TEST(OnednnConv2d, FusedActivationsKeepNan) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    Random random(8);
    for (const Conv& c : shapes()) {
        for (int where = 0; where < 5; ++where) {
            Choices options{true, random.chance(0.5), true, OCTAVO_NO_ACTIVATION, 1, random.chance(0.5)};
            SCOPED_TRACE(c.text() + " case " + std::to_string(where));
            Floats x = random_floats(random, elements(c.x())), w = random_floats(random, elements(c.w()));
            Floats bias = random_floats(random, c.oc), residual = random_floats(random, elements(c.y()));
            if (where == 0) x[x.size() / 2] = nan;
            if (where == 1) w[w.size() / 2] = nan;
            if (where == 2) bias[bias.size() / 2] = nan;
            if (where == 3) residual[residual.size() - 1] = nan;
            if (where == 4) bias[0] = infinity, residual[0] = -infinity;
            const Floats plain = run_forward(c, options, x, w, bias, residual);
            for (const octavo_activation activation : {OCTAVO_RELU, OCTAVO_CLAMP}) {
                options.activation = activation;
                OpSpec desc;
                desc.activation = activation;
                desc.clamp_min = -0.5f, desc.clamp_max = 6.0f;
                const Floats expected = activated(plain, desc);
                if (where >= 2) {
                    EXPECT_TRUE(std::any_of(expected.begin(), expected.end(), [](float v) { return std::isnan(v); }));
                }
                for (options.threads = 1; options.threads <= 2; ++options.threads) {
                    ASSERT_TRUE(same_numbers(run_forward(c, options, x, w, bias, residual), expected));
                }
            }
        }
    }
}

// Fewer images than threads are cut into bands of lines; nothing of that shows in the numbers, nor do other images.
TEST(OnednnConv2d, ThreadsDoNotChangeTheNumbers) {
    Random random(9);
    for (const Conv& c :
         {Conv{1, 3, 64, 64, 64, 7, 7, 2, 2, 1, 1, {3, 3, 2, 2}},
          Conv{1, 64, 28, 28, 64, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}}, Conv{2, 128, 14, 14, 256, 1, 1},
          Conv{1, 256, 14, 14, 512, 1, 1, 2, 2}, Conv{1, 128, 7, 7, 128, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}},
          Conv{1, 17, 40, 33, 35, 3, 2, 1, 1, 2, 3, {2, 0, 2, 3}},
          Conv{1, 3, 64, 64, 6, 5, 5, 1, 1, 1, 1, {2, 2, 2, 2}},
          Conv{3, 64, 40, 40, 64, 5, 5, 1, 1, 1, 1, {2, 2, 2, 2}, 64},
          Conv{1, 48, 30, 30, 96, 3, 3, 2, 2, 1, 1, {0, 0, 1, 1}, 4},
          Conv{1, 32, 6, 300, 32, 5, 1, 1, 1, 1, 1, {4, 0, 4, 0}}}) {
        for (const bool constant : {false, true}) {
            SCOPED_TRACE(c.text());
            Choices options{true, constant, true, OCTAVO_RELU, 1, constant};
            const Floats x = random_floats(random, elements(c.x())), w = random_floats(random, elements(c.w()));
            const Floats bias = random_floats(random, c.oc), residual = random_floats(random, elements(c.y()));
            const Floats expected = run_forward(c, options, x, w, bias, residual);
            for (options.threads = 2; options.threads <= 9; ++options.threads) {
                ASSERT_TRUE(same_bits(run_forward(c, options, x, w, bias, residual), expected)) << options.threads;
            }
            const Conv many = with_batch(c, c.n + 3);
            Floats more = x, more_residual = residual;
            more.resize(static_cast<size_t>(elements(many.x())), 1.0f);
            more_residual.resize(static_cast<size_t>(elements(many.y())), 1.0f);
            options.threads = 2;
            Floats first = run_forward(many, options, more, w, bias, more_residual);
            first.resize(expected.size());
            ASSERT_TRUE(same_bits(first, expected)) << "among other images";
        }
    }
}

TEST(OnednnConv2d, GradientsAreTheSumsOfProducts) {
    Random random(2);
    for (const Conv& c : shapes()) {
        for (int threads : {1, 2}) {
            check_grad_input(c, threads, random);
            check_grad_weight(c, threads == 1, threads, random);
        }
    }
    for (const Conv& c : {demo1, demo2}) {
        check_grad_input(c, 2, random);
        check_grad_weight(c, true, 2, random);
    }
}

TEST(OnednnConv2d, GradientsOfRandomShapes) {
    Sweep(60).run([](Random& random) {
        Conv c{random.integer(1, 3),      random.size_around(8, 20), random.integer(1, 13), random.integer(1, 13),
               random.size_around(8, 20), random.integer(1, 5),      random.integer(1, 5)};
        c.sh = random.integer(1, 3), c.sw = random.integer(1, 3);
        for (int64_t& p : c.pad) p = random.integer(0, 2);
        c.layout = random.pick({OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_PLAIN});
        if (!c.fits()) return false;
        check_grad_input(c, 1, random);
        check_grad_weight(c, random.chance(0.5), 1, random);
        return true;
    });
}

TEST(OnednnConv2d, TransposedIsTheSumOfProducts) {
    Random random(5);
    for (const Conv& c : shapes()) {
        for (int threads : {1, 2}) {
            check_transposed(c, {false, threads == 1, false, OCTAVO_NO_ACTIVATION, threads}, random);
            check_transposed(c, {true, threads == 2, false, OCTAVO_NO_ACTIVATION, threads, threads == 1}, random);
        }
    }
    Sweep(60).run([](Random& again) {
        Conv c{again.integer(1, 3),      again.size_around(8, 20), again.integer(1, 13), again.integer(1, 13),
               again.size_around(8, 20), again.integer(1, 5),      again.integer(1, 5)};
        c.sh = again.integer(1, 3), c.sw = again.integer(1, 3);
        c.dh = again.integer(1, 2), c.dw = again.integer(1, 2);
        for (int64_t& p : c.pad) p = again.integer(0, 2);
        c.groups = again.chance(0.3) ? again.integer(2, 3) : 1;
        c.ic *= c.groups, c.oc *= c.groups;
        c.layout = again.pick({OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_PLAIN});
        if (!c.fits()) return false;
        check_transposed(c,
                         {again.chance(0.5), again.chance(0.5), false, OCTAVO_NO_ACTIVATION,
                          static_cast<int>(again.integer(1, 3)), again.chance(0.5)},
                         again);
        return true;
    });
}

// The loops above are the derivatives of the definition: central differences of sum(dy * y).
TEST(OnednnConv2d, ReferenceGradientsAreDerivatives) {
    Random random(3);
    const Conv c{2, 4, 5, 6, 6, 3, 2, 2, 1, 1, 2, {1, 1, 0, 1}, 2};
    Doubles x = widen(random_floats(random, elements(c.x()))), w = widen(random_floats(random, elements(c.w())));
    const Doubles dy = widen(random_floats(random, elements(c.y())));
    const auto loss = [&] {
        double sum = 0;
        c.each_product([&](int64_t i, int64_t j, int64_t k) { sum += dy[k] * x[i] * w[j]; });
        return sum;
    };
    Doubles dx(x.size()), dw(w.size());
    c.each_product([&](int64_t i, int64_t j, int64_t k) {
        dx[i] += dy[k] * w[j];
        dw[j] += dy[k] * x[i];
    });
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(central_difference(loss, x, i), dx[i], 1e-8);
    for (size_t j = 0; j < w.size(); ++j) EXPECT_NEAR(central_difference(loss, w, j), dw[j], 1e-8);
}

TEST(OnednnConv2d, SameBytesTwice) {
    Random random(4);
    for (const Conv& c : {demo1, demo2}) {
        const Floats x = random_floats(random, elements(c.x())), dy = random_floats(random, elements(c.y()));
        for (int threads : {1, 2}) {
            Floats results[2];
            for (Floats& result : results) {
                OneOperator op(OCTAVO_OP_CONV2D_GRAD_WEIGHT, c.n);
                c.attributes(op.desc);
                op.threads = threads;
                op.input(to_layout(x, c.x(), c.layout), c.x(), true, c.layout);
                op.input(to_layout(dy, c.y(), c.layout), c.y(), true, c.layout);
                op.output(c.w(), false);
                op.output({c.oc}, false);
                ASSERT_TRUE(op.go());
                result = op.result();
            }
            EXPECT_TRUE(same_bits(results[0], results[1])) << threads << " threads";
        }
    }
}

TEST(OnednnConv2d, RefusesWithReasons) {
    const auto attempt = [](const Shape& x, const Shape& w, const Shape& y, octavo_layout y_layout) {
        OneOperator op(OCTAVO_OP_CONV2D, 1);
        op.desc.kernel[0] = op.desc.kernel[1] = 3;
        op.input(Floats(elements(x)), x, true, OCTAVO_NHWC);
        op.constant(Floats(elements(w)), w);
        op.output(y, true, y_layout);
        EXPECT_FALSE(op.build());
        EXPECT_NE(op.message, "");
        return op.message;
    };
    EXPECT_NE(attempt({1, 4, 8, 8}, {8, 4, 3, 3}, {1, 8, 6, 6}, OCTAVO_PLAIN).find("layout"), std::string::npos);
    EXPECT_NE(attempt({1, 4, 8, 8}, {8, 3, 3, 3}, {1, 8, 6, 6}, OCTAVO_NHWC).find("[8, 3, 3, 3]"), std::string::npos);
    EXPECT_NE(attempt({1, 4, 8, 8}, {8, 4, 3, 3}, {1, 8, 7, 6}, OCTAVO_NHWC).find("[N, 8, 7, 6]"), std::string::npos);
    OneOperator transposed(OCTAVO_OP_CONV_TRANSPOSE2D, 1);
    transposed.desc.kernel[0] = transposed.desc.kernel[1] = 3;
    transposed.input(Floats(64), {1, 4, 4, 4});
    transposed.constant(Floats(4 * 2 * 9), {4, 2, 3, 3});
    transposed.constant(Floats(4), {4});
    transposed.output({1, 2, 6, 6});
    EXPECT_FALSE(transposed.build());
    EXPECT_NE(transposed.message.find("[4]"), std::string::npos) << transposed.message;
}

}  // namespace
}  // namespace octavo::test
