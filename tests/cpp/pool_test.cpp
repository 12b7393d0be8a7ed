// Pooling: examples by hand, every instruction set against scalar, descriptions that must fail.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/agree.h"
#include "support/coverage.h"
#include "support/sweep.h"
#include "support/values.h"

namespace octavo::test {
namespace {

struct Case {
    octavo_op_kind kind = OCTAVO_OP_MAX_POOL2D;
    octavo_dtype dtype = OCTAVO_U8;
    octavo_layout layout = OCTAVO_NHWC;
    int64_t batch = 1, channels = 1, in[2] = {1, 1}, out[2] = {1, 1};
    int kernel[2] = {1, 1}, stride[2] = {1, 1}, pad[2] = {0, 0}, dilation[2] = {1, 1};
    bool ceil_mode = false, include_pad = false;
    int zero_point = 0, code_min = 0, code_max = 0;
    bool own = false;  // the result has a scale of its own
    float scale_y = 0.05f;
    int zero_y = 0;
};

// As PyTorch states it.
int64_t output_size(const Case& c, int axis) {
    const int64_t room = c.in[axis] + 2 * c.pad[axis] - c.dilation[axis] * (c.kernel[axis] - 1) - 1;
    if (room < 0) return 0;
    int64_t out = (room + (c.ceil_mode ? c.stride[axis] - 1 : 0)) / c.stride[axis] + 1;
    if (c.ceil_mode && (out - 1) * c.stride[axis] >= c.in[axis] + c.pad[axis]) out--;
    return out;
}

Value value(const Case& c, const int64_t* size) {
    const bool other = c.own && size == c.out;
    Value v = c.dtype == OCTAVO_F32 ? float_value({1, c.channels, size[0], size[1]})
                                    : activation(c.dtype, {1, c.channels, size[0], size[1]}, other ? c.scale_y : 0.05f,
                                                 other ? c.zero_y : c.zero_point);
    v.layout = c.layout;
    if (c.code_min != 0 || c.code_max != 0) {
        v.code_min = c.code_min;
        v.code_max = c.code_max;
    }
    return v;
}

std::unique_ptr<Op> create(const Case& c, Isa isa) {
    const Value x = value(c, c.in), y = value(c, c.out);
    OpDesc desc = operator_desc(c.kind, {&x}, y, isa);
    for (int i = 0; i < 2; i++) {
        desc.attributes.kernel[i] = c.kernel[i];
        desc.attributes.stride[i] = c.stride[i];
        desc.attributes.dilation[i] = c.dilation[i];
        desc.attributes.pad[i] = desc.attributes.pad[i + 2] = c.pad[i];
    }
    desc.attributes.ceil_mode = c.ceil_mode;
    desc.attributes.count_include_pad = c.include_pad;
    return create_op(desc);
}

template <class T>
std::vector<T> run(const Case& c, Isa isa, const std::vector<T>& x, int threads = 1, Guard guard = Guard::after) {
    const GuardedBuffer<T> input(x, guard);
    const auto op = create(c, isa);
    return run_op<T>(*op, c.batch, threads, {input.data()},
                     static_cast<size_t>(c.batch * c.channels * c.out[0] * c.out[1]), guard);
}

TEST(Pool, MaximumByHand) {
    Case c;
    c.in[0] = c.in[1] = 3;
    c.kernel[0] = c.kernel[1] = 2;
    c.out[0] = c.out[1] = 2;
    const std::vector<uint8_t> x = {1, 9, 2, 3, 4, 5, 200, 7, 8};
    for (Isa isa : available_isas()) {
        EXPECT_EQ(run(c, isa, x), (std::vector<uint8_t>{9, 9, 200, 8}));
        Case padded = c;
        padded.pad[0] = padded.pad[1] = 1;
        padded.stride[0] = padded.stride[1] = 2;
        EXPECT_EQ(run(padded, isa, x), (std::vector<uint8_t>{1, 9, 200, 8}));
        Case limited = c;
        limited.code_min = 10;
        limited.code_max = 100;
        EXPECT_EQ(run(limited, isa, x), (std::vector<uint8_t>{10, 10, 100, 10}));
    }
}

TEST(Pool, AverageByHand) {
    Case c;
    c.kind = OCTAVO_OP_AVG_POOL2D;
    c.in[0] = 1;
    c.in[1] = 4;
    c.kernel[1] = 2;
    c.stride[1] = 2;
    c.out[1] = 2;
    const std::vector<uint8_t> x = {3, 4, 7, 8};
    for (Isa isa : available_isas()) {
        // 3.5 and 7.5 around the zero point: rint(S/2 + z) goes to the even code.
        for (int z : {0, 1, 127, 128, 255}) {
            c.zero_point = z;
            EXPECT_EQ(run(c, isa, x), (std::vector<uint8_t>{4, 8}));
        }
        // 16 channels go together: rint(S/2) + z, so that an odd zero point changes the direction of ties.
        Case wide = c;
        wide.channels = 16;
        wide.zero_point = 1;
        std::vector<uint8_t> pixels;
        for (uint8_t v : x) pixels.insert(pixels.end(), 16, v);
        std::vector<uint8_t> expected(16, 3);  // (3 + 4 - 2) / 2 = 2.5 -> 2, + 1
        expected.insert(expected.end(), 16, 7);
        EXPECT_EQ(run(wide, isa, pixels), expected);
    }
}

// Draws a scale and a zero point of the result's own for averages of codes, some of them far from the input's.
void draw_own_scale(Random& random, Case& c) {
    const int low = c.dtype == OCTAVO_S8 ? -128 : 0;
    c.own = c.kind != OCTAVO_OP_MAX_POOL2D && c.dtype != OCTAVO_F32 && random.chance(0.4);
    c.scale_y = 0.05f * random.pick({1.0f, 0.3f, 0.0123f, 1.7f, 40.0f, 1e-5f, 1e-12f});
    c.zero_y = random.zero_point(low, low + 255);
}

TEST(Pool, AverageToAnotherScaleByHand) {
    for (octavo_op_kind kind : {OCTAVO_OP_AVG_POOL2D, OCTAVO_OP_ADAPTIVE_AVG_POOL2D}) {
        Case c;
        c.kind = kind;
        c.in[0] = 2;
        c.in[1] = 2;
        c.kernel[0] = c.kernel[1] = 2;
        c.zero_point = 10;
        c.own = true;
        c.scale_y = 0.01f;
        c.zero_y = 3;
        for (int64_t channels : {1, 8, 35}) {
            c.channels = channels;
            std::vector<uint8_t> x;
            for (uint8_t v : {12, 14, 20, 11}) x.insert(x.end(), static_cast<size_t>(channels), v);
            // (2 + 4 + 10 + 1) / 4 * 0.05 / 0.01 = 21.25
            for (Isa isa : available_isas())
                EXPECT_EQ(run(c, isa, x), std::vector<uint8_t>(static_cast<size_t>(channels), 24));
        }
        // What does not fit saturates, also where steps are beyond 32 bits.
        c.channels = 35;
        c.scale_y = 1e-12f;
        for (Isa isa : available_isas()) {
            EXPECT_EQ(run(c, isa, std::vector<uint8_t>(4 * 35, 200)), std::vector<uint8_t>(35, 255));
            EXPECT_EQ(run(c, isa, std::vector<uint8_t>(4 * 35, 2)), std::vector<uint8_t>(35, 0));
            EXPECT_EQ(run(c, isa, std::vector<uint8_t>(4 * 35, 10)), std::vector<uint8_t>(35, 3));
        }
    }
}

TEST(Pool, AverageCountsThePaddingWhenAsked) {
    Case c;
    c.kind = OCTAVO_OP_AVG_POOL2D;
    c.dtype = OCTAVO_F32;
    c.in[1] = 3;
    c.kernel[1] = 3;
    c.stride[1] = 2;
    c.pad[1] = 1;
    c.out[1] = 2;
    const std::vector<float> x = {3, 6, 12};
    for (Isa isa : available_isas()) {
        EXPECT_EQ(run(c, isa, x), (std::vector<float>{4.5f, 9}));
        Case include = c;
        include.include_pad = true;
        EXPECT_EQ(run(include, isa, x), (std::vector<float>{3, 6}));
    }
}

TEST(Pool, NanWinsAMaximum) {
    Case c;
    c.dtype = OCTAVO_F32;
    c.in[1] = 4;
    c.kernel[1] = 2;
    c.stride[1] = 2;
    c.out[1] = 2;
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    for (Isa isa : available_isas()) {
        const std::vector<float> y = run(c, isa, std::vector<float>{nan, 5, -inf, -inf});
        EXPECT_TRUE(std::isnan(y[0]));
        EXPECT_EQ(y[1], -inf);
        EXPECT_TRUE(std::isnan(run(c, isa, std::vector<float>{5, nan, 1, 2})[0]));
    }
}

template <class T>
std::vector<T> random_input(Random& random, const Case& c) {
    const size_t n = static_cast<size_t>(c.batch * c.channels * c.in[0] * c.in[1]);
    const int low = c.dtype == OCTAVO_S8 ? -128 : 0;
    return random.codes<T>(n, low, low + 255, random.chance(0.2));
}

template <>
std::vector<float> random_input(Random& random, const Case& c) {
    std::vector<float> x(static_cast<size_t>(c.batch * c.channels * c.in[0] * c.in[1]));
    for (float& v : x) v = random.chance(0.01) ? -std::numeric_limits<float>::infinity() : random.normal();
    return x;
}

template <class T>
void compare(Random& random, const Case& c, Coverage& coverage, Distrust& distrust) {
    const std::vector<T> x = random_input<T>(random, c);
    const std::vector<T> expected = run(c, Isa::scalar, x);
    distrust.saw(expected);
    for (Isa isa : available_isas()) {
        SCOPED_TRACE(create(c, isa)->kernel());
        ASSERT_TRUE(same_bits(run(c, isa, x, 1, random.pick({Guard::after, Guard::before})), expected));
        ASSERT_TRUE(same_bits(run(c, isa, x, random.pick({2, 3, 5})), expected));
        coverage.ran(isa);
    }
}

TEST(Pool, EveryInstructionSetEqualsScalar) {
    Coverage coverage("pooling");
    Distrust distrust;
    Sweep(800).run([&](Random& random) {
        Case c;
        c.kind = random.pick({OCTAVO_OP_MAX_POOL2D, OCTAVO_OP_AVG_POOL2D, OCTAVO_OP_ADAPTIVE_AVG_POOL2D});
        c.dtype = random.pick({OCTAVO_U8, OCTAVO_U8, OCTAVO_S8, OCTAVO_F32});
        c.layout = random.pick({OCTAVO_NHWC, OCTAVO_NHWC, OCTAVO_PLAIN});
        c.batch = random.integer(1, 3);
        c.channels = random.pick({random.integer(1, 20), random.size_around(16, 80), random.size_around(64, 140)});
        for (int64_t& size : c.in) size = random.pick({random.integer(1, 12), random.integer(1, 40)});
        if (random.chance(0.3)) c.in[1] = random.integer(1, 300);
        if (random.chance(0.02)) {  // enough work for several threads
            c.batch = 3;
            c.channels = random.integer(60, 70);
            c.in[0] = c.in[1] = random.integer(60, 90);
        }
        for (int i = 0; i < 2; i++) {
            c.kernel[i] = static_cast<int>(random.pick({random.integer(1, 3), random.integer(1, 9)}));
            if (random.chance(0.05)) c.kernel[i] = 20;  // more taps than 16-bit sums hold
            c.stride[i] = static_cast<int>(random.integer(1, 4));
            c.pad[i] = static_cast<int>(random.integer(0, c.kernel[i] / 2));
            if (c.kind == OCTAVO_OP_MAX_POOL2D) c.dilation[i] = static_cast<int>(random.pick({1, 1, 1, 2, 3}));
        }
        c.ceil_mode = random.chance(0.3);
        c.include_pad = random.chance(0.5);
        const int low = c.dtype == OCTAVO_S8 ? -128 : 0;
        c.zero_point = random.zero_point(low, low + 255);
        if (random.chance(0.2)) {
            c.code_min = low + static_cast<int>(random.integer(1, 60));
            c.code_max = low + static_cast<int>(random.integer(120, 255));
        }
        draw_own_scale(random, c);
        for (int i = 0; i < 2; i++) {
            c.out[i] = c.kind == OCTAVO_OP_ADAPTIVE_AVG_POOL2D ? random.integer(1, c.in[i] + 2) : output_size(c, i);
            if (c.out[i] < 1) return false;
        }
        try {
            create(c, Isa::scalar);
        } catch (const Error& error) {  // a dilated window may miss a small image altogether
            EXPECT_NE(std::string(error.what()).find("lies in the padding"), std::string::npos) << error.what();
            return false;
        }
        if (c.dtype == OCTAVO_F32)
            compare<float>(random, c, coverage, distrust);
        else if (c.dtype == OCTAVO_S8)
            compare<int8_t>(random, c, coverage, distrust);
        else
            compare<uint8_t>(random, c, coverage, distrust);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

// Sums of bytes change from 16 to 32 bits beyond 256 taps; whole vectors, parts of one and groups of 8 and 16 within them.
TEST(Pool, AveragesWhereTheirFormsChange) {
    Coverage coverage("averages where their forms change");
    Sweep(120).run([&](Random& random) {
        Case c;
        c.kind = random.pick({OCTAVO_OP_AVG_POOL2D, OCTAVO_OP_ADAPTIVE_AVG_POOL2D});
        c.dtype = random.pick({OCTAVO_U8, OCTAVO_S8});
        c.channels = random.pick({1, 7, 8, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 72, 80, 127, 128, 129, 136});
        const int sizes[][2] = {{16, 16}, {1, 256}, {1, 257}, {257, 1}, {2, 128}, {3, 86}, {17, 16}};
        const auto& size = sizes[random.integer(0, 6)];
        for (int i = 0; i < 2; i++) {
            c.kernel[i] = size[i];
            c.in[i] = size[i] + (c.kind == OCTAVO_OP_AVG_POOL2D ? 1 : 0);
            c.out[i] = c.kind == OCTAVO_OP_AVG_POOL2D ? 2 : 1;
        }
        const int low = c.dtype == OCTAVO_S8 ? -128 : 0;
        c.zero_point = low + random.pick({0, 1, 127, 128, 255});
        draw_own_scale(random, c);
        const size_t n = static_cast<size_t>(c.channels * c.in[0] * c.in[1]);
        std::vector<uint8_t> x(n, random.pick<uint8_t>({0, 127, 128, 255}));
        if (random.chance(0.7)) x = random.codes<uint8_t>(n, 0, 255, random.chance(0.5));
        const std::vector<uint8_t> expected = run(c, Isa::scalar, x);
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(create(c, isa)->kernel());
            EXPECT_TRUE(same_bits(run(c, isa, x, 1, random.pick({Guard::after, Guard::before})), expected));
            coverage.ran(isa);
        }
        return true;
    });
}

// Windows side by side take each column once where they share one or none, at strides and kernels of which images are made.
TEST(Pool, MaximaOfWindowsSideBySide) {
    Coverage coverage("maxima side by side");
    Distrust distrust;
    Sweep(300).run([&](Random& random) {
        Case c;
        c.dtype = random.pick({OCTAVO_U8, OCTAVO_S8});
        c.channels = random.pick({random.integer(17, 140), random.integer(31, 33), random.integer(63, 65)});
        const int shapes[][2] = {{2, 1}, {2, 2}, {3, 1}, {3, 2}, {3, 3}, {4, 3}, {1, 1}, {4, 4}};
        for (int i = 0; i < 2; i++) {
            const auto& shape = shapes[random.integer(0, 7)];
            c.in[i] = random.integer(shape[0], 20);
            c.kernel[i] = shape[0];
            c.stride[i] = shape[1];
            c.pad[i] = static_cast<int>(random.integer(0, shape[0] / 2));
            c.dilation[i] = random.chance(0.1) ? 2 : 1;
        }
        c.ceil_mode = random.chance(0.3);
        const int low = c.dtype == OCTAVO_S8 ? -128 : 0;
        if (random.chance(0.3)) {
            c.code_min = low + static_cast<int>(random.integer(1, 60));
            c.code_max = low + static_cast<int>(random.integer(120, 255));
        }
        for (int i = 0; i < 2; i++) {
            c.out[i] = output_size(c, i);
            if (c.out[i] < 1) return false;
            // A dilated window may miss a small image altogether.
            if (c.dilation[i] > 1 && c.pad[i] > 0) return false;
        }
        if (c.dtype == OCTAVO_S8)
            compare<int8_t>(random, c, coverage, distrust);
        else
            compare<uint8_t>(random, c, coverage, distrust);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

void expect_failure(const Case& c, octavo_status status, const std::string& part) {
    try {
        create(c, Isa::scalar);
        ADD_FAILURE() << "expected: " << part;
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), status);
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("under test"), std::string::npos) << error.what();
    }
}

TEST(Pool, WrongDescriptionsFail) {
    Case c;
    c.channels = 4;
    c.in[0] = c.in[1] = 8;
    c.kernel[0] = c.kernel[1] = c.stride[0] = c.stride[1] = 2;
    c.out[0] = c.out[1] = 5;
    expect_failure(c, OCTAVO_SHAPE_MISMATCH, "height of the output is 5, expected 4");
    c.out[0] = 4;
    expect_failure(c, OCTAVO_SHAPE_MISMATCH, "width of the output is 5, expected 4");
    c.out[1] = 4;
    create(c, Isa::scalar);
    c.kind = OCTAVO_OP_AVG_POOL2D;
    c.dilation[0] = 2;
    expect_failure(c, OCTAVO_INVALID_ARGUMENT, "dilation");

    Value x = activation(OCTAVO_U8, {1, 4, 8, 8}, 0.1f, 3), y = activation(OCTAVO_U8, {1, 4, 4, 4}, 0.2f, 3);
    OpDesc desc = operator_desc(OCTAVO_OP_ADAPTIVE_AVG_POOL2D, {&x}, y, Isa::scalar);
    y.dtype = OCTAVO_S8;
    EXPECT_THROW(create_op(desc), Error);  // another type
    y.dtype = OCTAVO_U8;
    OpDesc maximum = operator_desc(OCTAVO_OP_MAX_POOL2D, {&x}, y, Isa::scalar);
    maximum.attributes.kernel[0] = maximum.attributes.kernel[1] = 2;
    maximum.attributes.stride[0] = maximum.attributes.stride[1] = 2;
    EXPECT_THROW(create_op(maximum), Error);  // another scale
    y.scales = x.scales;
    create_op(maximum);
    y.layout = OCTAVO_PLAIN;
    EXPECT_THROW(create_op(desc), Refusal);
    y.layout = OCTAVO_NHWC;
    y.dims[1] = 5;
    EXPECT_THROW(create_op(desc), Error);
    y.dims[1] = 4;
    create_op(desc);
}

}  // namespace
}  // namespace octavo::test
