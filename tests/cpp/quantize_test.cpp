// Quantize, dequantize, reorder and flatten: examples by hand, every instruction set and layout against scalar.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/sweep.h"
#include "support/values.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

int lowest(octavo_dtype dtype) { return dtype == OCTAVO_S8 ? -128 : 0; }

template <class Y, class X>
std::vector<Y> run(const Op& op, int64_t batch, const std::vector<X>& x, size_t results, int threads = 1,
                   Guard guard = Guard::after) {
    const GuardedBuffer<X> input(x, guard);
    return run_op<Y>(op, batch, threads, {input.data()}, results, guard);
}

TEST(Quantize, ByHand) {
    const std::vector<float> x = {0,      0.05f,    0.25f,     -0.25f,        0.75f, 1e30f,
                                  -1e30f, infinity, -infinity, std::nanf(""), -0.0f};
    const Value f = float_value({1, static_cast<int64_t>(x.size())});
    for (Isa isa : available_isas()) {
        for (int z : {0, 1, 127, 128, 255}) {
            const Value q = activation(OCTAVO_U8, f.dims, 0.5f, z);
            const auto op = create_op(operator_desc(OCTAVO_OP_QUANTIZE, {&f}, q, isa));
            std::vector<uint8_t> expected;
            // The zero point is inside the rounding: +-0.5 and 1.5 steps go to the even code.
            for (double steps : {0.0, 0.1, 0.5, -0.5, 1.5, 1e9, -1e9, 1e9, -1e9, 0.0, 0.0})
                expected.push_back(static_cast<uint8_t>(std::min(255.0, std::max(0.0, std::nearbyint(steps + z)))));
            EXPECT_EQ(run<uint8_t>(*op, 1, x, x.size()), expected) << z;
        }
        Value q = activation(OCTAVO_S8, f.dims, 0.5f, -3);
        q.code_min = -2;
        q.code_max = 100;
        const auto op = create_op(operator_desc(OCTAVO_OP_QUANTIZE, {&f}, q, isa));
        EXPECT_EQ(run<int8_t>(*op, 1, x, x.size()),
                  (std::vector<int8_t>{-2, -2, -2, -2, -2, 100, -2, 100, -2, -2, -2}));
    }
}

TEST(Quantize, QuotientsByHand) {
    const std::vector<float> x = {0,      0.05f,    0.25f,     -0.25f,        0.75f, 1e30f,
                                  -1e30f, infinity, -infinity, std::nanf(""), -0.0f};
    const Value f = float_value({1, static_cast<int64_t>(x.size())});
    for (Isa isa : available_isas()) {
        for (int z : {0, 1, 127, 128, 255}) {
            const Value q = activation(OCTAVO_U8, f.dims, 0.5f, z);
            OpDesc desc = operator_desc(OCTAVO_OP_QUANTIZE, {&f}, q, isa);
            desc.attributes.quotient = 1;
            std::vector<uint8_t> expected;
            // The zero point is added to whole numbers: +-0.5 and 1.5 steps go to even ones.
            for (double steps : {0.0, 0.0, 0.0, 0.0, 2.0, 1e9, -1e9, 1e9, -1e9, 0.0, 0.0})
                expected.push_back(static_cast<uint8_t>(std::min(255.0, std::max(0.0, steps + z))));
            EXPECT_EQ(run<uint8_t>(*create_op(desc), 1, x, x.size()), expected) << z;
        }
        Value q = activation(OCTAVO_S8, f.dims, 0.5f, -3);
        q.code_min = -2;
        q.code_max = 100;
        OpDesc desc = operator_desc(OCTAVO_OP_QUANTIZE, {&f}, q, isa);
        desc.attributes.quotient = 1;
        EXPECT_EQ(run<int8_t>(*create_op(desc), 1, x, x.size()),
                  (std::vector<int8_t>{-2, -2, -2, -2, -1, 100, -2, 100, -2, -2, -2}));
        // 1.5 - 1e-7 over 3 is just below a half; times the rounded third it is a half.
        const float three = 3;
        const std::vector<float> near = {std::nextafter(1.5f, 0.0f), 1.5f, 4.5f, std::nextafter(1.5f, 2.0f)};
        const Value g = float_value({1, 4}), c = activation(OCTAVO_U8, g.dims, three, 0);
        OpDesc thirds = operator_desc(OCTAVO_OP_QUANTIZE, {&g}, c, isa);
        thirds.attributes.quotient = 1;
        EXPECT_EQ(run<uint8_t>(*create_op(thirds), 1, near, 4), (std::vector<uint8_t>{0, 0, 2, 1}));
    }
}

TEST(Dequantize, ByHand) {
    for (Isa isa : available_isas()) {
        const Value q = activation(OCTAVO_S8, {1, 3}, 0.5f, -3), f = float_value({1, 3});
        const auto op = create_op(operator_desc(OCTAVO_OP_DEQUANTIZE, {&q}, f, isa));
        EXPECT_EQ(run<float>(*op, 1, std::vector<int8_t>{-128, -3, 127}, 3), (std::vector<float>{-62.5f, 0, 65}));
    }
}

// A shape [1, C, H, W] of one or many channels, seldom with work for several threads.
std::vector<int64_t> random_shape(Random& random) {
    if (random.chance(0.02)) return {1, random.pick({3, 4, 20}), 200, 110};
    return {1, random.pick({random.integer(1, 4), random.integer(1, 20), random.size_around(64, 140)}),
            random.integer(1, 12), random.integer(1, 30)};
}

Value with_layout(Value v, octavo_layout layout) {
    v.layout = layout;
    return v;
}

std::vector<float> random_floats(Random& random, size_t n, float scale) {
    std::vector<float> x(n);
    for (float& v : x) {
        v = scale * random.pick({random.real(-300, 300), static_cast<float>(random.integer(-300, 300)) * 0.5f});
        if (random.chance(0.02)) v = random.pick({infinity, -infinity, std::nanf(""), -0.0f, 1e-44f, 1e38f});
    }
    return x;
}

// NCHW to the layout, and the elements of all samples.
template <class T>
std::vector<T> arrange(const std::vector<T>& x, std::vector<int64_t> dims, int64_t batch, octavo_layout layout) {
    dims[0] = batch;
    return layout == OCTAVO_NHWC ? to_nhwc(x, dims) : x;
}

template <class T>
void sweep_layouts(octavo_dtype dtype) {
    Coverage to_codes("quantize"), to_floats("dequantize");
    Distrust distrust;
    Sweep(500).run([&](Random& random) {
        const std::vector<int64_t> shape = random_shape(random);
        const int64_t batch = random.integer(1, 3);
        const size_t n = static_cast<size_t>(batch * shape[1] * shape[2] * shape[3]);
        const octavo_layout from = random.pick({OCTAVO_PLAIN, OCTAVO_NHWC}),
                            to = random.pick({OCTAVO_PLAIN, OCTAVO_NHWC});
        const float scale = random.pick({0.5f, random.real(0.001f, 2.0f), 1e-42f});
        const int low = lowest(dtype);
        Value q = with_layout(activation(dtype, shape, scale, random.zero_point(low, low + 255)), to);
        if (random.chance(0.3)) {
            q.code_min = low + 10;
            q.code_max = low + 127;
        }
        const Value f = with_layout(float_value(shape), from), back = with_layout(float_value(shape), from);

        // The definition: element by element, in row-major order.
        const std::vector<float> x = random_floats(random, n, scale);
        Value flat_f = float_value({1, static_cast<int64_t>(n)}), flat_q = with_layout(q, OCTAVO_PLAIN);
        flat_q.dims = flat_f.dims;
        const int quotient = random.chance(0.5) ? 1 : 0;
        OpDesc to_flat = operator_desc(OCTAVO_OP_QUANTIZE, {&flat_f}, flat_q, Isa::scalar);
        to_flat.attributes.quotient = quotient;
        const auto quantize = create_op(to_flat);
        const auto dequantize = create_op(operator_desc(OCTAVO_OP_DEQUANTIZE, {&flat_q}, flat_f, Isa::scalar));
        const std::vector<T> codes = run<T>(*quantize, 1, x, n);
        const std::vector<float> decoded = run<float>(*dequantize, 1, codes, n);
        distrust.saw(codes);

        const std::vector<float> x_in = arrange(x, shape, batch, from),
                                 decoded_in = arrange(decoded, shape, batch, from);
        const std::vector<T> codes_in = arrange(codes, shape, batch, to);
        for (Isa isa : available_isas()) {
            OpDesc forth = operator_desc(OCTAVO_OP_QUANTIZE, {&f}, q, isa);
            forth.attributes.quotient = quotient;
            const auto forth_op = create_op(forth);
            const auto back_op = create_op(operator_desc(OCTAVO_OP_DEQUANTIZE, {&q}, back, isa));
            SCOPED_TRACE(forth_op->kernel() + " " + f.shape_text());
            for (int threads : {1, 3}) {
                const Guard guard = random.pick({Guard::after, Guard::before});
                EXPECT_TRUE(same_bits(run<T>(*forth_op, batch, x_in, n, threads, guard), codes_in));
                EXPECT_TRUE(same_bits(run<float>(*back_op, batch, codes_in, n, threads, guard), decoded_in));
            }
            to_codes.ran(isa);
            to_floats.ran(isa);
        }
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(Quantize, U8EveryLayoutAndInstructionSetEqualsScalar) { sweep_layouts<uint8_t>(OCTAVO_U8); }
TEST(Quantize, S8EveryLayoutAndInstructionSetEqualsScalar) { sweep_layouts<int8_t>(OCTAVO_S8); }

TEST(Quantize, UnbatchedValuesOfSeveralImages) {
    for (Isa isa : available_isas()) {
        Value f = float_value({1, 5, 2, 3}), q = activation(OCTAVO_U8, {1, 5, 2, 3}, 1.0f, 0);
        f.batched = q.batched = false;
        f.dims[0] = q.dims[0] = 2;
        std::vector<float> x(60);
        std::vector<uint8_t> codes(60);
        for (int i = 0; i < 60; i++) codes[i] = static_cast<uint8_t>(x[i] = static_cast<float>(i));
        const auto op = create_op(operator_desc(OCTAVO_OP_QUANTIZE, {&f}, q, isa));
        EXPECT_EQ(run<uint8_t>(*op, 1, x, 60), to_nhwc(codes, f.dims));
    }
}

template <class T>
void compare_moves(Random& random, Value x, Coverage& coverage) {
    const int64_t batch = random.integer(1, 3);
    const std::vector<int64_t> shape = x.dims;
    const size_t n = static_cast<size_t>(batch * shape[1] * shape[2] * shape[3]);
    std::vector<T> plain(n);
    for (T& v : plain) v = static_cast<T>(random.integer(0, 200));
    const std::vector<T> pixels = arrange(plain, shape, batch, OCTAVO_NHWC);
    const Value nchw = with_layout(x, OCTAVO_PLAIN), nhwc = with_layout(x, OCTAVO_NHWC);
    Value flat = nchw;
    flat.dims = {1, shape[1] * shape[2] * shape[3]};
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa) + x.shape_text());
        const auto to_pixels = create_op(operator_desc(OCTAVO_OP_REORDER, {&nchw}, nhwc, isa));
        const auto to_planes = create_op(operator_desc(OCTAVO_OP_REORDER, {&nhwc}, nchw, isa));
        const auto copy = create_op(operator_desc(OCTAVO_OP_REORDER, {&nhwc}, nhwc, isa));
        const auto flatten = create_op(operator_desc(OCTAVO_OP_FLATTEN, {&nhwc}, flat, isa));
        const auto flatten_plain = create_op(operator_desc(OCTAVO_OP_FLATTEN, {&nchw}, flat, isa));
        const Guard guard = random.pick({Guard::after, Guard::before});
        const int threads = random.pick({1, 2, 5});
        EXPECT_TRUE(same_bits(run<T>(*to_pixels, batch, plain, n, threads, guard), pixels));
        EXPECT_TRUE(same_bits(run<T>(*to_planes, batch, pixels, n, threads, guard), plain));
        EXPECT_TRUE(same_bits(run<T>(*copy, batch, pixels, n, threads, guard), pixels));
        EXPECT_TRUE(same_bits(run<T>(*flatten, batch, pixels, n, threads, guard), plain));
        EXPECT_TRUE(same_bits(run<T>(*flatten_plain, batch, plain, n, threads, guard), plain));
        coverage.ran(isa);
    }
}

TEST(Reorder, EveryTypeAndInstructionSet) {
    Coverage coverage("reorder and flatten");
    Sweep(300).run([&](Random& random) {
        const std::vector<int64_t> shape = random_shape(random);
        if (random.chance(0.5))
            compare_moves<uint8_t>(random, activation(OCTAVO_U8, shape, 0.1f, 3), coverage);
        else
            compare_moves<float>(random, float_value(shape), coverage);
        return true;
    });
}

TEST(Quantize, WrongDescriptionsFail) {
    const Value f = float_value({1, 4}), q = activation(OCTAVO_U8, {1, 4}, 0.1f, 3);
    const Value image = activation(OCTAVO_U8, {1, 2, 3, 4}, 0.1f, 3), flat = activation(OCTAVO_U8, {1, 23}, 0.1f, 3);
    Value per_channel = q;
    per_channel.axis = 1;
    per_channel.scales.assign(4, 0.1f);
    per_channel.zero_points.assign(4, 0);
    const Value longer = float_value({1, 5});
    EXPECT_THROW(create_op(operator_desc(OCTAVO_OP_QUANTIZE, {&f}, per_channel, Isa::scalar)), Refusal);
    EXPECT_THROW(create_op(operator_desc(OCTAVO_OP_QUANTIZE, {&q}, q, Isa::scalar)), Refusal);
    EXPECT_THROW(create_op(operator_desc(OCTAVO_OP_DEQUANTIZE, {&f}, f, Isa::scalar)), Refusal);
    EXPECT_THROW(create_op(operator_desc(OCTAVO_OP_DEQUANTIZE, {&q}, longer, Isa::scalar)), Error);
    EXPECT_THROW(create_op(operator_desc(OCTAVO_OP_FLATTEN, {&image}, flat, Isa::scalar)), Error);
    EXPECT_THROW(create_op(operator_desc(OCTAVO_OP_REORDER, {&f}, q, Isa::scalar)), Error);
    try {
        create_op(operator_desc(OCTAVO_OP_FLATTEN, {&image}, flat, Isa::scalar));
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("[N, 23]"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("[N, 2, 3, 4]"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace octavo::test
