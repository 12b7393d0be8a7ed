// Float convolution and its gradients against straight loops in double, and these loops against central differences.
#include <algorithm>
#include <limits>

#include "onednn/one_operator.h"

namespace octavo::test {
namespace {

struct Conv {
    int64_t n, ic, ih, iw, oc, kh, kw;
    int64_t sh = 1, sw = 1, dh = 1, dw = 1;
    int64_t pad[4] = {0, 0, 0, 0};
    int64_t groups = 1;
    octavo_layout layout = OCTAVO_NHWC;

    int64_t oh() const { return (ih + pad[0] + pad[2] - dh * (kh - 1) - 1) / sh + 1; }
    int64_t ow() const { return (iw + pad[1] + pad[3] - dw * (kw - 1) - 1) / sw + 1; }
    bool fits() const { return ih + pad[0] + pad[2] > dh * (kh - 1) && iw + pad[1] + pad[3] > dw * (kw - 1); }
    Shape x() const { return {n, ic, ih, iw}; }
    Shape w() const { return {oc, ic / groups, kh, kw}; }
    Shape y() const { return {n, oc, oh(), ow()}; }
    void attributes(OpSpec& desc) const {
        desc.kernel[0] = static_cast<int32_t>(kh), desc.kernel[1] = static_cast<int32_t>(kw);
        desc.stride[0] = static_cast<int32_t>(sh), desc.stride[1] = static_cast<int32_t>(sw);
        desc.dilation[0] = static_cast<int32_t>(dh), desc.dilation[1] = static_cast<int32_t>(dw);
        for (int i = 0; i < 4; ++i) desc.pad[i] = static_cast<int32_t>(pad[i]);
        desc.groups = static_cast<int32_t>(groups);
    }
    std::string text() const {
        return "n" + std::to_string(n) + " " + std::to_string(ic) + "x" + std::to_string(ih) + "x" +
               std::to_string(iw) + " -> " + std::to_string(oc) + " k" + std::to_string(kh) + "x" + std::to_string(kw) +
               " s" + std::to_string(sh) + "," + std::to_string(sw) + " d" + std::to_string(dh) + "," +
               std::to_string(dw) + " p" + std::to_string(pad[0]) + std::to_string(pad[1]) + std::to_string(pad[2]) +
               std::to_string(pad[3]) + " g" + std::to_string(groups) + (layout == OCTAVO_NHWC ? " nhwc" : " nchw");
    }

    // visit(x index, w index, y index) for every product of the definition.
    template <class Visit>
    void each_product(const Visit& visit) const {
        const int64_t icg = ic / groups, ocg = oc / groups;
        for (int64_t b = 0; b < n; ++b) {
            for (int64_t o = 0; o < oc; ++o) {
                for (int64_t y = 0; y < oh(); ++y) {
                    for (int64_t x = 0; x < ow(); ++x) {
                        for (int64_t i = 0; i < icg; ++i) {
                            for (int64_t r = 0; r < kh; ++r) {
                                const int64_t v = y * sh - pad[0] + r * dh;
                                if (v < 0 || v >= ih) continue;
                                for (int64_t s = 0; s < kw; ++s) {
                                    const int64_t u = x * sw - pad[1] + s * dw;
                                    if (u < 0 || u >= iw) continue;
                                    visit(((b * ic + o / ocg * icg + i) * ih + v) * iw + u,
                                          ((o * icg + i) * kh + r) * kw + s, ((b * oc + o) * oh() + y) * ow() + x);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
};

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

Sums forward(const Conv& c, const Floats& x, const Floats& w, const Floats& bias) {
    Sums y(elements(c.y()));
    c.each_product([&](int64_t i, int64_t j, int64_t k) { y.add(k, static_cast<double>(x[i]) * w[j]); });
    const int64_t pixels = c.oh() * c.ow();
    for (size_t k = 0; k < y.value.size() && !bias.empty(); ++k) y.add(k, bias[k / pixels % c.oc]);
    return y;
}

struct Options {
    bool bias = false, constant = false, residual = false;  // constant: the weights
    octavo_activation activation = OCTAVO_NO_ACTIVATION;
    int threads = 1;
    bool constant_bias = false;
};

Floats run_forward(const Conv& c, const Options& options, const Floats& x, const Floats& w, const Floats& bias,
                   const Floats& residual) {
    OneOperator op(OCTAVO_OP_CONV2D, c.n);
    c.attributes(op.desc);
    op.threads = options.threads;
    op.desc.activation = options.activation;
    op.desc.clamp_min = -0.5f, op.desc.clamp_max = 6.0f;
    op.input(to_layout(x, c.x(), c.layout), c.x(), true, c.layout);
    options.constant ? op.constant(w, c.w()) : op.state(w, c.w());
    if (!options.bias) {
        op.absent();
    } else {
        options.constant_bias ? op.constant(bias, {c.oc}) : op.state(bias, {c.oc});
    }
    if (options.residual) op.input(to_layout(residual, c.y(), c.layout), c.y(), true, c.layout);
    op.output(c.y(), true, c.layout);
    if (!op.go()) return {};
    return to_logical(op.result(), c.y(), c.layout);
}

void check_forward(const Conv& c, const Options& options, Random& random) {
    SCOPED_TRACE(c.text() + (options.bias ? " bias" : "") + (options.constant ? " constant" : " state") +
                 (options.residual ? " residual" : "") + " activation " + std::to_string(options.activation));
    const Floats x = random_floats(random, elements(c.x())), w = random_floats(random, elements(c.w()));
    const Floats bias = random_floats(random, c.oc), residual = random_floats(random, elements(c.y()));
    Sums expected = forward(c, x, w, options.bias ? bias : Floats());
    for (size_t k = 0; k < expected.value.size(); ++k) {
        if (options.residual) expected.add(k, residual[k]);
        double& y = expected.value[k];
        if (options.activation == OCTAVO_RELU) y = std::max(y, 0.0);
        if (options.activation == OCTAVO_CLAMP) y = std::min(std::max(y, -0.5), 6.0);
    }
    EXPECT_TRUE(close_sums(run_forward(c, options, x, w, bias, residual), expected));
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
            Options options{true, random.chance(0.5), true, OCTAVO_NO_ACTIVATION, 1, random.chance(0.5)};
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
            Options options{true, constant, true, OCTAVO_RELU, 1, constant};
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

void check_grad_input(const Conv& c, int threads, Random& random) {
    SCOPED_TRACE("grad input " + c.text());
    const Floats dy = random_floats(random, elements(c.y())), w = random_floats(random, elements(c.w()));
    Sums expected(elements(c.x()));
    c.each_product([&](int64_t i, int64_t j, int64_t k) { expected.add(i, static_cast<double>(dy[k]) * w[j]); });
    OneOperator op(OCTAVO_OP_CONV2D_GRAD_INPUT, c.n);
    c.attributes(op.desc);
    op.threads = threads;
    op.input(to_layout(dy, c.y(), c.layout), c.y(), true, c.layout);
    op.state(w, c.w());
    op.output(c.x(), true, c.layout);
    if (!op.go()) return;
    EXPECT_TRUE(close_sums(to_logical(op.result(), c.x(), c.layout), expected)) << op.kernel();
}

void check_grad_weight(const Conv& c, bool bias, int threads, Random& random) {
    SCOPED_TRACE("grad weight " + c.text());
    const Floats dy = random_floats(random, elements(c.y())), x = random_floats(random, elements(c.x()));
    Sums expected(elements(c.w())), expected_bias(c.oc);
    c.each_product([&](int64_t i, int64_t j, int64_t k) { expected.add(j, static_cast<double>(dy[k]) * x[i]); });
    for (size_t k = 0; k < dy.size(); ++k) expected_bias.add(k / (c.oh() * c.ow()) % c.oc, dy[k]);
    OneOperator op(OCTAVO_OP_CONV2D_GRAD_WEIGHT, c.n);
    c.attributes(op.desc);
    op.threads = threads;
    op.input(to_layout(x, c.x(), c.layout), c.x(), true, c.layout);
    op.input(to_layout(dy, c.y(), c.layout), c.y(), true, c.layout);
    op.output(c.w(), false);
    if (bias) op.output({c.oc}, false);
    if (!op.go()) return;
    EXPECT_TRUE(close_sums(op.result(0), expected)) << op.kernel();
    if (bias) {
        EXPECT_TRUE(close_sums(op.result(1), expected_bias)) << op.kernel();
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
}

}  // namespace
}  // namespace octavo::test
