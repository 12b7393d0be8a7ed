// Pooling in training: values, indices and gradients against plain loops.
#include <cmath>
#include <limits>

#include "onednn/max_pooling.h"
#include "support/guarded_buffer.h"

namespace octavo::test {
namespace {

std::vector<Pool> pools() {
    std::vector<Pool> all;
    for (octavo_layout layout : {OCTAVO_NHWC, OCTAVO_PLAIN}) {
        for (int64_t n : {1, 3, 64}) {
            all.push_back({n, 6, 32, 32, 2, 2, 2, 2, {0, 0, 0, 0}, false, layout});
            all.push_back({n, 16, 12, 12, 2, 2, 2, 2, {0, 0, 0, 0}, false, layout});
        }
        all.push_back({2, 5, 9, 7, 3, 3, 2, 2, {1, 1, 1, 1}, false, layout});
        all.push_back({2, 20, 9, 7, 3, 2, 1, 2, {1, 0, 1, 1}, false, layout});
        all.push_back({2, 3, 10, 11, 3, 3, 2, 2, {0, 0, 0, 0}, true, layout});
        all.push_back({1, 33, 7, 7, 3, 3, 3, 3, {1, 1, 1, 1}, true, layout});
        all.push_back({1, 1, 5, 5, 1, 1, 2, 2, {0, 0, 0, 0}, false, layout});
        all.push_back({3, 8, 8, 8, 8, 8, 1, 1, {0, 0, 0, 0}, false, layout});
    }
    return all;
}

TEST(OnednnPooling, MaximumAndItsGradient) {
    Random random(1);
    for (const Pool& p : pools()) {
        for (int threads : {1, 2}) {
            check_max_pool(p, threads, random);
            if (::testing::Test::HasFailure()) return;
        }
    }
}

// The first of equal elements wins, as in PyTorch: half of the values after a ReLU are equal zeros.
TEST(OnednnPooling, FirstOfEqualsWins) {
    const Pool p{2, 16, 8, 8, 2, 2, 2, 2, {0, 0, 0, 0}, false, OCTAVO_NHWC};
    Random random(2);
    Floats x = random_floats(random, elements(p.x()));
    for (float& v : x) v = std::max(0.0f, v);
    OneOperator op(OCTAVO_OP_MAX_POOL2D_TRAIN, p.n);
    p.attributes(op.desc);
    op.input(to_layout(x, p.x(), p.layout), p.x(), true, p.layout);
    op.output(p.y(), true, p.layout);
    op.output(OCTAVO_U8, p.y(), true, p.layout);
    ASSERT_TRUE(op.go());
    EXPECT_TRUE(same_bits(to_logical(op.result<uint8_t>(1), p.y(), p.layout), maximum(p, x).index));
}

// Both operators of a pool as one plan, so that the gradient's index is the forward's.
PlanHandle max_pool_and_gradient(const Pool& p, int32_t threads) {
    EXPECT_EQ(octavo_onednn_register(), OCTAVO_OK);
    Network network;
    const int32_t x = network.floats(OCTAVO_INPUT, p.x(), p.layout), dy = network.floats(OCTAVO_INPUT, p.y(), p.layout);
    const int32_t y = network.floats(OCTAVO_OUTPUT, p.y(), p.layout);
    const int32_t index = network.value(describe(OCTAVO_U8, OCTAVO_OUTPUT, p.y(), true, p.layout));
    const int32_t dx = network.floats(OCTAVO_OUTPUT, p.x(), p.layout);
    for (OpSpec op : {describe_op(OCTAVO_OP_MAX_POOL2D_TRAIN, {x}, {y, index}),
                      describe_op(OCTAVO_OP_MAX_POOL2D_GRAD, {dy, index}, {dx})}) {
        p.attributes(op);
        network.op(op);
    }
    Options options{};
    options.threads = threads;
    return network.build(options);
}

// Few channels, whose vectors reach beyond a pixel, and windows that tile the image or do not; numbers, infinities and NaN, of
// which NaN wins. No padded tap is ever named, nothing outside the buffers touched.
TEST(OnednnPooling, MaximaBetweenGuardPages) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    Random random(5);
    for (int64_t channels = 1; channels <= 17; ++channels) {
        for (const octavo_layout layout : {OCTAVO_NHWC, OCTAVO_PLAIN}) {
            for (const auto& [k, s, pad, side] : {std::tuple<int64_t, int64_t, int64_t, int64_t>{1, 1, 0, 3},
                                                  {2, 2, 0, 2},
                                                  {2, 2, 0, 6},
                                                  {3, 3, 0, 3},
                                                  {3, 3, 0, 9},
                                                  {3, 2, 1, 7},
                                                  {2, 1, 1, 4}}) {
                // One image touches the guard pages; many are shared among threads.
                for (const int32_t threads : {1, 2, 3, 4}) {
                    if (threads > 1 && (channels > 3 || side < 6)) continue;
                    const int64_t images = threads == 1 ? 1 : threads * 280000 / (channels * side * side * 4);
                    const Pool p{images, channels, side, side, k, k, s, s, {pad, pad, pad, pad}, false, layout};
                    SCOPED_TRACE(p.text() + " threads " + std::to_string(threads));
                    Floats x = random_floats(random, elements(p.x()));
                    for (float& v : x) {
                        if (random.chance(0.4)) v = random.chance(0.5) ? -infinity : nan;
                    }
                    const Floats dy = random_floats(random, elements(p.y()));
                    const Maximum expected = maximum(p, x);
                    Sums dx(elements(p.x()));
                    p.each_window([&](int64_t plane, int64_t out, int64_t top, int64_t left) {
                        const int64_t at = plane * p.oh() * p.ow() + out, tap = expected.index[at];
                        dx.add((plane * p.ih + top + tap / p.kw) * p.iw + left + tap % p.kw, dy[at]);
                    });
                    const PlanHandle plan = max_pool_and_gradient(p, threads);
                    for (const Guard guard : {Guard::after, Guard::before}) {
                        const GuardedBuffer<float> in(to_layout(x, p.x(), layout), guard),
                            gradient(to_layout(dy, p.y(), layout), guard);
                        GuardedBuffer<float> y(dy.size(), guard), to(x.size(), guard);
                        GuardedBuffer<uint8_t> index(dy.size(), guard);
                        const void* inputs[] = {in.data(), gradient.data()};
                        void* outputs[] = {y.data(), index.data(), to.data()};
                        ASSERT_EQ(run_plan(plan.get(), p.n, inputs, outputs), OCTAVO_OK) << octavo_last_error();
                        ASSERT_TRUE(same_bits(to_logical(y.copy(), p.y(), layout), expected.y));
                        ASSERT_TRUE(same_bits(to_logical(index.copy(), p.y(), layout), expected.index));
                        ASSERT_TRUE(close_sums(to_logical(to.copy(), p.x(), layout), dx));
                    }
                }
            }
        }
    }
}

// An index may come from the caller: one that is no tap, or a padded one, is an error and not an address.
TEST(OnednnPooling, IndicesAreChecked) {
    for (const octavo_layout layout : {OCTAVO_NHWC, OCTAVO_PLAIN}) {
        for (const auto& [k, s, pad, wrong] : {std::tuple<int64_t, int64_t, int64_t, int>{3, 2, 1, 200},
                                               {3, 2, 1, 9},
                                               {3, 2, 1, 0},
                                               {2, 2, 0, 4},
                                               {2, 2, 0, 255}}) {
            const Pool p{3, 4, 8, 8, k, k, s, s, {pad, pad, pad, pad}, false, layout};
            OneOperator op(OCTAVO_OP_MAX_POOL2D_GRAD, p.n);
            p.attributes(op.desc);
            std::vector<uint8_t> index(elements(p.y()), static_cast<uint8_t>(k * k - 1));
            index[static_cast<size_t>(4 * p.oh() * p.ow())] = static_cast<uint8_t>(wrong);  // a corner of sample 1
            op.input(Floats(index.size(), 1.0f), p.y(), true, layout);
            op.input(OCTAVO_U8, index, p.y(), true, layout);
            op.output(p.x(), true, layout);
            ASSERT_TRUE(op.build()) << op.message;
            EXPECT_FALSE(op.run()) << p.text();
            EXPECT_EQ(op.status, OCTAVO_INVALID_ARGUMENT);
            EXPECT_NE(op.message.find("index " + std::to_string(wrong) + " of sample 1"), std::string::npos)
                << op.message;
        }
    }
}

TEST(OnednnPooling, GradientOfTheAverage) {
    Random random(3);
    for (const Pool& p : pools()) {
        for (bool count_pad : {false, true}) {
            SCOPED_TRACE(p.text() + (count_pad ? " with padding counted" : ""));
            const Floats dy = random_floats(random, elements(p.y()));
            Sums dx(elements(p.x()));
            p.each_window([&](int64_t plane, int64_t out, int64_t top, int64_t left) {
                const int64_t bottom = std::min(top + p.kh, p.ih + p.pad[2]),
                              right = std::min(left + p.kw, p.iw + p.pad[3]);
                int64_t inside = 0;
                for (int pass = 0; pass < 2; ++pass) {
                    const double divisor = count_pad ? (bottom - top) * (right - left) : inside;
                    for (int64_t v = std::max<int64_t>(top, 0); v < std::min(bottom, p.ih); ++v) {
                        for (int64_t u = std::max<int64_t>(left, 0); u < std::min(right, p.iw); ++u) {
                            if (pass == 0) ++inside;
                            if (pass == 1)
                                dx.add((plane * p.ih + v) * p.iw + u, dy[plane * p.oh() * p.ow() + out] / divisor);
                        }
                    }
                }
            });
            OneOperator op(OCTAVO_OP_AVG_POOL2D_GRAD, p.n);
            p.attributes(op.desc);
            op.desc.count_include_pad = count_pad;
            op.input(to_layout(dy, p.y(), p.layout), p.y(), true, p.layout);
            op.output(p.x(), true, p.layout);
            ASSERT_TRUE(op.go());
            ASSERT_TRUE(close_sums(to_logical(op.result(), p.x(), p.layout), dx));
        }
    }
}

TEST(OnednnPooling, GradientOfTheAdaptiveAverage) {
    Random random(4);
    for (octavo_layout layout : {OCTAVO_NHWC, OCTAVO_PLAIN}) {
        for (const Shape& s : std::vector<Shape>{{2, 64, 8, 8, 1, 1}, {3, 5, 7, 9, 3, 4}, {1, 3, 4, 4, 6, 6}}) {
            const Shape in = {s[0], s[1], s[2], s[3]}, out = {s[0], s[1], s[4], s[5]};
            const Floats dy = random_floats(random, elements(out));
            Sums dx(elements(in));
            for (int64_t plane = 0; plane < s[0] * s[1]; ++plane) {
                for (int64_t y = 0; y < s[4]; ++y) {
                    for (int64_t x = 0; x < s[5]; ++x) {
                        const auto first = [](int64_t i, int64_t n, int64_t o) { return i * n / o; };
                        const auto last = [](int64_t i, int64_t n, int64_t o) { return ((i + 1) * n + o - 1) / o; };
                        const int64_t y0 = first(y, s[2], s[4]), y1 = last(y, s[2], s[4]);
                        const int64_t x0 = first(x, s[3], s[5]), x1 = last(x, s[3], s[5]);
                        for (int64_t v = y0; v < y1; ++v) {
                            for (int64_t u = x0; u < x1; ++u) {
                                dx.add((plane * s[2] + v) * s[3] + u,
                                       dy[(plane * s[4] + y) * s[5] + x] / static_cast<double>((y1 - y0) * (x1 - x0)));
                            }
                        }
                    }
                }
            }
            OneOperator op(OCTAVO_OP_ADAPTIVE_AVG_POOL2D_GRAD, s[0]);
            op.input(to_layout(dy, out, layout), out, true, layout);
            op.output(in, true, layout);
            ASSERT_TRUE(op.go());
            EXPECT_TRUE(close_sums(to_logical(op.result(), in, layout), dx));
        }
    }
}

TEST(OnednnPooling, RefusesWindowsThatAByteCannotIndex) {
    OneOperator op(OCTAVO_OP_MAX_POOL2D_TRAIN, 1);
    op.desc.kernel[0] = op.desc.kernel[1] = 16;
    op.input(Floats(16 * 16), {1, 1, 16, 16}, true, OCTAVO_NHWC);
    op.output({1, 1, 1, 1}, true, OCTAVO_NHWC);
    op.output(OCTAVO_U8, {1, 1, 1, 1}, true, OCTAVO_NHWC);
    EXPECT_FALSE(op.build());
    EXPECT_NE(op.message.find("255"), std::string::npos) << op.message;
}

}  // namespace
}  // namespace octavo::test
