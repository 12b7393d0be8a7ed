// Max pooling that keeps its indices, and its gradient, against plain loops.
#ifndef OCTAVO_TESTS_ONEDNN_MAX_POOLING_H
#define OCTAVO_TESTS_ONEDNN_MAX_POOLING_H

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "onednn/one_operator.h"

namespace octavo::test {

struct Pool {
    int64_t n, c, ih, iw, kh, kw, sh, sw;
    int64_t pad[4];
    bool ceil;
    octavo_layout layout;

    static int64_t size(int64_t in, int64_t k, int64_t s, int64_t begin, int64_t end, bool ceil) {
        int64_t out = (in + begin + end - k + (ceil ? s - 1 : 0)) / s + 1;
        if (ceil && (out - 1) * s >= in + begin) --out;
        return out;
    }
    int64_t oh() const { return size(ih, kh, sh, pad[0], pad[2], ceil); }
    int64_t ow() const { return size(iw, kw, sw, pad[1], pad[3], ceil); }
    Shape x() const { return {n, c, ih, iw}; }
    Shape y() const { return {n, c, oh(), ow()}; }
    void attributes(OpSpec& desc) const {
        desc.kernel[0] = static_cast<int32_t>(kh), desc.kernel[1] = static_cast<int32_t>(kw);
        desc.stride[0] = static_cast<int32_t>(sh), desc.stride[1] = static_cast<int32_t>(sw);
        for (int i = 0; i < 4; ++i) desc.pad[i] = static_cast<int32_t>(pad[i]);
        desc.ceil_mode = ceil;
    }
    std::string text() const {
        return std::to_string(n) + "x" + std::to_string(c) + "x" + std::to_string(ih) + "x" + std::to_string(iw) +
               " k" + std::to_string(kh) + "x" + std::to_string(kw) + " s" + std::to_string(sh) + "," +
               std::to_string(sw) + " p" + std::to_string(pad[0]) + std::to_string(pad[1]) + std::to_string(pad[2]) +
               std::to_string(pad[3]) + (ceil ? " ceil" : "") + (layout == OCTAVO_NHWC ? " nhwc" : " nchw");
    }
    // visit(plane, output index in the plane, top, left) of every window.
    template <class Visit>
    void each_window(const Visit& visit) const {
        for (int64_t plane = 0; plane < n * c; ++plane) {
            for (int64_t y = 0; y < oh(); ++y) {
                for (int64_t x = 0; x < ow(); ++x) visit(plane, y * ow() + x, y * sh - pad[0], x * sw - pad[1]);
            }
        }
    }
};

struct Maximum {
    Floats y;
    std::vector<uint8_t> index;
};

inline Maximum maximum(const Pool& p, const Floats& x) {
    Maximum m{Floats(elements(p.y())), std::vector<uint8_t>(elements(p.y()))};
    p.each_window([&](int64_t plane, int64_t out, int64_t top, int64_t left) {
        float best = -std::numeric_limits<float>::infinity();
        bool found = false;
        for (int64_t tap = 0; tap < p.kh * p.kw; ++tap) {
            const int64_t v = top + tap / p.kw, u = left + tap % p.kw;
            if (v < 0 || v >= p.ih || u < 0 || u >= p.iw) continue;
            const float value = x[(plane * p.ih + v) * p.iw + u];
            if (found && !(value > best) && !std::isnan(value)) continue;
            found = true;
            best = value;
            m.index[plane * p.oh() * p.ow() + out] = static_cast<uint8_t>(tap);
        }
        m.y[plane * p.oh() * p.ow() + out] = best;
    });
    return m;
}

// Values, indices and gradient of random floats. Returns the forward's kernel.
inline Ran check_max_pool(const Pool& p, int threads, Random& random) {
    SCOPED_TRACE(p.text() + " threads " + std::to_string(threads));
    const Floats x = random_floats(random, elements(p.x())), dy = random_floats(random, elements(p.y()));
    const Maximum expected = maximum(p, x);
    OneOperator forward(OCTAVO_OP_MAX_POOL2D_TRAIN, p.n);
    p.attributes(forward.desc);
    forward.threads = threads;
    forward.input(to_layout(x, p.x(), p.layout), p.x(), true, p.layout);
    forward.output(p.y(), true, p.layout);
    forward.output(OCTAVO_U8, p.y(), true, p.layout);
    if (!forward.go()) return {};
    EXPECT_TRUE(same_bits(to_logical(forward.result(0), p.y(), p.layout), expected.y)) << forward.kernel();
    EXPECT_TRUE(same_bits(to_logical(forward.result<uint8_t>(1), p.y(), p.layout), expected.index)) << forward.kernel();

    Sums dx(elements(p.x()));
    p.each_window([&](int64_t plane, int64_t out, int64_t top, int64_t left) {
        const int64_t at = plane * p.oh() * p.ow() + out, tap = expected.index[at];
        dx.add((plane * p.ih + top + tap / p.kw) * p.iw + left + tap % p.kw, dy[at]);
    });
    OneOperator backward(OCTAVO_OP_MAX_POOL2D_GRAD, p.n);
    p.attributes(backward.desc);
    backward.threads = threads;
    backward.input(to_layout(dy, p.y(), p.layout), p.y(), true, p.layout);
    backward.input(OCTAVO_U8, forward.result<uint8_t>(1), p.y(), true, p.layout);
    backward.output(p.x(), true, p.layout);
    if (!backward.go()) return {};
    EXPECT_TRUE(close_sums(to_logical(backward.result(), p.x(), p.layout), dx));
    return forward.ran();
}

}  // namespace octavo::test

#endif
