// A convolution of any geometry with its three float operators, against straight loops in double.
#ifndef OCTAVO_TESTS_ONEDNN_CONVOLUTION_H
#define OCTAVO_TESTS_ONEDNN_CONVOLUTION_H

#include <algorithm>
#include <string>

#include "onednn/one_operator.h"

namespace octavo::test {

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

inline Sums forward(const Conv& c, const Floats& x, const Floats& w, const Floats& bias) {
    Sums y(elements(c.y()));
    c.each_product([&](int64_t i, int64_t j, int64_t k) { y.add(k, static_cast<double>(x[i]) * w[j]); });
    const int64_t pixels = c.oh() * c.ow();
    for (size_t k = 0; k < y.value.size() && !bias.empty(); ++k) y.add(k, bias[k / pixels % c.oc]);
    return y;
}

struct Choices {
    bool bias = false, constant = false, residual = false;  // constant: the weights
    octavo_activation activation = OCTAVO_NO_ACTIVATION;
    int threads = 1;
    bool constant_bias = false;
};

inline Floats run_forward(const Conv& c, const Choices& options, const Floats& x, const Floats& w, const Floats& bias,
                          const Floats& residual, Ran* ran = nullptr) {
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
    if (ran) *ran = op.ran();
    return to_logical(op.result(), c.y(), c.layout);
}

inline Ran check_forward(const Conv& c, const Choices& options, Random& random) {
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
    Ran ran;
    EXPECT_TRUE(close_sums(run_forward(c, options, x, w, bias, residual, &ran), expected)) << ran.kernel;
    return ran;
}

inline Ran check_grad_input(const Conv& c, int threads, Random& random) {
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
    if (!op.go()) return {};
    EXPECT_TRUE(close_sums(to_logical(op.result(), c.x(), c.layout), expected)) << op.kernel();
    return op.ran();
}

// The convolution the other way round: from an image like its result to one like its input.
inline Ran check_transposed(const Conv& c, const Choices& options, Random& random) {
    SCOPED_TRACE("transposed " + c.text());
    const Floats x = random_floats(random, elements(c.y())), w = random_floats(random, elements(c.w()));
    const Floats bias = random_floats(random, c.ic);
    Sums expected(elements(c.x()));
    c.each_product([&](int64_t i, int64_t j, int64_t k) { expected.add(i, static_cast<double>(x[k]) * w[j]); });
    for (size_t i = 0; options.bias && i < expected.value.size(); ++i)
        expected.add(i, bias[static_cast<int64_t>(i) / (c.ih * c.iw) % c.ic]);
    OneOperator op(OCTAVO_OP_CONV_TRANSPOSE2D, c.n);
    c.attributes(op.desc);
    op.threads = options.threads;
    op.input(to_layout(x, c.y(), c.layout), c.y(), true, c.layout);
    options.constant ? op.constant(w, c.w()) : op.input(w, c.w(), false);
    if (options.bias) options.constant_bias ? op.constant(bias, {c.ic}) : op.input(bias, {c.ic}, false);
    op.output(c.x(), true, c.layout);
    if (!op.go()) return {};
    EXPECT_TRUE(close_sums(to_logical(op.result(), c.x(), c.layout), expected)) << op.kernel();
    return op.ran();
}

inline Ran check_grad_weight(const Conv& c, bool bias, int threads, Random& random) {
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
    if (!op.go()) return {};
    EXPECT_TRUE(close_sums(op.result(0), expected)) << op.kernel();
    if (bias) {
        EXPECT_TRUE(close_sums(op.result(1), expected_bias)) << op.kernel();
    }
    return op.ran();
}

}  // namespace octavo::test

#endif
