// Add, clamp, requantize and softmax: examples by hand, every instruction set against scalar, descriptions that must fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/memory.h"
#include "base/numerics.h"
#include "registry/map.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/sweep.h"
#include "support/values.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

int lowest(octavo_dtype dtype) { return dtype == OCTAVO_S8 ? -128 : 0; }

template <class T>
std::vector<T> run(const OpDesc& desc, int64_t batch, const std::vector<std::vector<T>>& inputs, int threads = 1,
                   Guard guard = Guard::after) {
    std::vector<GuardedBuffer<T>> buffers;
    std::vector<const void*> pointers;
    for (const std::vector<T>& input : inputs) buffers.emplace_back(input, guard);
    for (const GuardedBuffer<T>& buffer : buffers) pointers.push_back(buffer.data());
    return run_op<T>(*create_op(desc), batch, threads, pointers, inputs[0].size(), guard);
}

// Runs on every instruction set, with one thread and with several, and compares with scalar.
template <class T>
void compare(Random& random, OpDesc desc, int64_t batch, const std::vector<std::vector<T>>& inputs, Coverage& coverage,
             Distrust& distrust) {
    desc.isa = Isa::scalar;
    const std::vector<T> expected = run(desc, batch, inputs);
    distrust.saw(expected);
    for (Isa isa : available_isas()) {
        desc.isa = isa;
        SCOPED_TRACE(create_op(desc)->kernel());
        ASSERT_TRUE(same_bits(run(desc, batch, inputs, 1, random.pick({Guard::after, Guard::before})), expected));
        ASSERT_TRUE(same_bits(run(desc, batch, inputs, random.pick({2, 3, 7})), expected));
        coverage.ran(isa);
    }
}

// Elements of a sample: around the vectors' 32 and 64, seldom enough for several threads.
int64_t random_size(Random& random) {
    return random.chance(0.01) ? random.integer(200000, 400000) : random.size_around(64, 600);
}

// ---- add

TEST(Add, ByHand) {
    const Value a = activation(OCTAVO_U8, {1, 3}, 0.5f, 10), b = activation(OCTAVO_U8, {1, 3}, 0.25f, 0);
    const Value y = activation(OCTAVO_U8, {1, 3}, 0.5f, 5);
    for (Isa isa : available_isas()) {
        OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&a, &b}, y, isa);
        // -5 + 0, 0 + 0.25, 50 + 50: in steps of 0.5 around 5, the tie 0.5 to even, the last saturated.
        const std::vector<std::vector<uint8_t>> inputs = {{0, 10, 255}, {0, 1, 255}};
        EXPECT_EQ(run(desc, 1, inputs), (std::vector<uint8_t>{0, 5, 255}));
        desc.attributes.activation = OCTAVO_RELU;
        EXPECT_EQ(run(desc, 1, inputs), (std::vector<uint8_t>{5, 5, 255}));
    }
}

// The two orders of PyTorch's kernel, element by element.
int sum_code(int qa, const Value& a, int qb, const Value& b, const Value& y, bool tail) {
    const float sa = a.scales[0], sb = b.scales[0], inverse = 1.0f / y.scales[0];
    const int za = a.zero_points[0], zb = b.zero_points[0], zy = y.zero_points[0];
    double code;
    if (tail) {
        const volatile float ca = static_cast<float>(qa - za) * sa, cb = static_cast<float>(qb - zb) * sb;
        const volatile float steps = (ca + cb) * inverse;
        code = std::nearbyint(steps + static_cast<float>(zy));
    } else {
        const volatile float shift_a = sa * static_cast<float>(-za), shift_b = sb * static_cast<float>(-zb);
        const volatile float ca = std::fmaf(sa, static_cast<float>(qa), shift_a);
        const volatile float cb = std::fmaf(sb, static_cast<float>(qb), shift_b);
        code = std::nearbyint(static_cast<double>((ca + cb) * inverse)) + zy;
    }
    return static_cast<int>(std::min(std::max(code, y.code_min + 0.0), y.code_max + 0.0));
}

// What two numbers of a sum and its description are, ties among them.
template <class T>
struct Sum {
    Value a, b, y;
    std::vector<T> x, with;

    Sum(Random& random, octavo_dtype dtype, int64_t elements, int64_t batch) {
        const int low = lowest(dtype);
        const float scale = random.real(0.001f, 0.2f);
        a = activation(dtype, {1, elements}, scale, random.zero_point(low, low + 255));
        b = activation(dtype, {1, elements}, scale * random.pick({0.5f, 1.5f, 1.0f}),
                       random.zero_point(low, low + 255));
        y = activation(dtype, {1, elements}, scale * random.pick({1.0f, 2.0f, 4.0f}),
                       random.zero_point(low, low + 255));
        x = random.codes<T>(static_cast<size_t>(elements * batch), low, low + 255, false);
        with = random.codes<T>(static_cast<size_t>(elements * batch), low, low + 255, false);
    }
    T expected(size_t i, bool tail) const { return static_cast<T>(sum_code(x[i], a, with[i], b, y, tail)); }
};

template <class T>
void sample_alone_and_in_a_batch(octavo_dtype dtype) {
    Sweep(300).run([&](Random& random) {
        const int64_t n = random.size_around(64, 300), batch = random.integer(2, 5);
        const Sum<T> sum(random, dtype, n, batch);
        std::vector<T> expected;
        for (size_t i = 0; i < sum.x.size(); i++) expected.push_back(sum.expected(i, false));
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(isa_name(isa));
            const auto op = create_op(operator_desc(OCTAVO_OP_ADD, {&sum.a, &sum.b}, sum.y, isa));
            EXPECT_FALSE(op->couples_batch());
            EXPECT_TRUE(same_bits(
                run_op<T>(*op, batch, random.pick({1, 2, 3}), {sum.x.data(), sum.with.data()}, expected.size()),
                expected));
            std::vector<T> alone;
            for (int64_t i = 0; i < batch; i++) {
                const std::vector<T> one =
                    run_op<T>(*op, 1, 1, {sum.x.data() + i * n, sum.with.data() + i * n}, static_cast<size_t>(n));
                alone.insert(alone.end(), one.begin(), one.end());
            }
            EXPECT_TRUE(same_bits(alone, expected));
        }
        return true;
    });
}

TEST(Add, ASampleHasTheSameCodesAloneAndInABatch) {
    sample_alone_and_in_a_batch<uint8_t>(OCTAVO_U8);
    sample_alone_and_in_a_batch<int8_t>(OCTAVO_S8);
}

template <class T>
void tail_of_a_batch(octavo_dtype dtype) {
    int different = 0;
    Sweep(300).run([&](Random& random) {
        const int64_t n = random.size_around(64, 300), batch = random.integer(1, 3), whole = n * batch / 64 * 64;
        const Sum<T> sum(random, dtype, n, batch);
        std::vector<T> expected;
        for (size_t i = 0; i < sum.x.size(); i++) {
            const bool tail = static_cast<int64_t>(i) >= whole;
            expected.push_back(sum.expected(i, tail));
            different += expected.back() != sum.expected(i, false);
        }
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(isa_name(isa));
            OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&sum.a, &sum.b}, sum.y, isa);
            desc.attributes.pytorch_tail = 1;
            const auto op = create_op(desc);
            EXPECT_EQ(op->couples_batch(), n % 64 != 0);
            for (int threads : {1, 3})
                EXPECT_TRUE(same_bits(run_op<T>(*op, batch, threads, {sum.x.data(), sum.with.data()}, expected.size()),
                                      expected));
        }
        return true;
    });
    EXPECT_GT(different, 10);
}

TEST(Add, PytorchsTailIsOfTheWholeBatch) {
    tail_of_a_batch<uint8_t>(OCTAVO_U8);
    tail_of_a_batch<int8_t>(OCTAVO_S8);
    Value x = activation(OCTAVO_U8, {1, 65}, 0.1f, 3);
    x.batched = false;
    OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&x, &x}, x, Isa::scalar);
    desc.attributes.pytorch_tail = 1;
    EXPECT_FALSE(create_op(desc)->couples_batch());
}

template <class T>
void sweep_add(octavo_dtype dtype, const char* name) {
    Coverage coverage(name);
    Distrust distrust;
    const int low = lowest(dtype);
    Sweep(600).run([&](Random& random) {
        const int64_t n = random_size(random), batch = random.integer(1, 3);
        const float scale = random.real(0.001f, 0.2f);
        // Ratios that are powers of two make ties.
        const float ratio = random.pick({0.5f, 1.5f, 1.0f, random.real(0.1f, 3.0f)});
        Value a = activation(dtype, {1, n}, scale, random.zero_point(low, low + 255));
        Value b = activation(dtype, {1, n}, scale * ratio, random.zero_point(low, low + 255));
        Value y = activation(dtype, {1, n}, random.pick({scale, scale * 2, random.real(0.001f, 0.4f), 1e-30f}),
                             random.zero_point(low, low + 255));
        if (random.chance(0.2)) {
            y.code_min = low + 20;
            y.code_max = low + 200;
        }
        OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&a, &b}, y, Isa::scalar);
        desc.attributes.activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_RELU});
        const size_t size = static_cast<size_t>(n * batch);
        const bool extreme = random.chance(0.1);
        compare<T>(random, desc, batch,
                   {random.codes<T>(size, low, low + 255, extreme), random.codes<T>(size, low, low + 255, extreme)},
                   coverage, distrust);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(Add, U8EveryInstructionSetEqualsScalar) { sweep_add<uint8_t>(OCTAVO_U8, "add u8"); }
TEST(Add, S8EveryInstructionSetEqualsScalar) { sweep_add<int8_t>(OCTAVO_S8, "add s8"); }

TEST(Add, ReluIsABoundAtZero) {
    Sweep(100).run([&](Random& random) {
        const int64_t n = random.size_around(64, 300);
        Value a = activation(OCTAVO_U8, {1, n}, random.real(0.001f, 0.2f), random.zero_point(0, 255));
        Value y = activation(OCTAVO_U8, {1, n}, random.real(0.001f, 0.4f), random.pick({0, 1, 127, 128, 255}));
        y.code_min = static_cast<int>(random.integer(0, 200));
        y.code_max = static_cast<int>(random.integer(y.code_min, 255));
        const auto size = static_cast<size_t>(n);
        const std::vector<std::vector<uint8_t>> inputs = {random.codes<uint8_t>(size, 0, 255, false),
                                                          random.codes<uint8_t>(size, 0, 255, false)};
        for (Isa isa : available_isas()) {
            OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&a, &a}, y, isa);
            std::vector<uint8_t> expected = run(desc, 1, inputs);
            const int zero = std::min(std::max(y.zero_points[0], y.code_min), y.code_max);
            for (uint8_t& q : expected) q = static_cast<uint8_t>(std::max<int>(q, zero));
            desc.attributes.activation = OCTAVO_RELU;
            EXPECT_TRUE(same_bits(run(desc, 1, inputs), expected));
        }
        return true;
    });
}

std::vector<float> random_floats(Random& random, size_t n, bool specials) {
    std::vector<float> x(n);
    for (float& v : x) {
        v = random.normal() * random.pick({1.0f, 4.0f});
        if (specials && random.chance(0.1))
            v = random.pick({infinity, -infinity, std::nanf(""), 0.0f, -0.0f, 1e-42f, 3e38f});
    }
    return x;
}

TEST(Add, F32EveryInstructionSetEqualsScalar) {
    Coverage coverage("add f32");
    Distrust distrust;
    Sweep(300).run([&](Random& random) {
        const int64_t n = random_size(random), batch = random.integer(1, 2);
        const Value x = float_value({1, n});
        OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&x, &x}, x, Isa::scalar);
        desc.attributes.activation = random.pick({OCTAVO_NO_ACTIVATION, OCTAVO_RELU});
        const size_t size = static_cast<size_t>(n * batch);
        // One operand alone has specials: of inf - inf the sign of the NaN is nobody's promise.
        compare<float>(random, desc, batch, {random_floats(random, size, true), random_floats(random, size, false)},
                       coverage, distrust);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(Add, StepsBeyond32BitsSaturate) {
    for (float scale : {1e-9f, 1e-20f, 1e-40f}) {
        const Value a = activation(OCTAVO_U8, {1, 3}, 0.5f, 10), y = activation(OCTAVO_U8, {1, 3}, scale, 5);
        for (Isa isa : available_isas())
            EXPECT_EQ(run<uint8_t>(operator_desc(OCTAVO_OP_ADD, {&a, &a}, y, isa), 1, {{0, 10, 255}, {0, 10, 255}}),
                      (std::vector<uint8_t>{0, 5, 255}))
                << isa_name(isa) << " " << scale;
    }
}

TEST(Add, AConstantOperandIsKept) {
    const Value a = activation(OCTAVO_U8, {1, 4}, 0.5f, 0);
    Value x = a, b = a;
    x.batched = b.batched = false;
    b.role = OCTAVO_CONSTANT;
    b.data = std::vector<std::byte>{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    Value y = x;
    const auto op = create_op(operator_desc(OCTAVO_OP_ADD, {&x, &b}, y, Isa::scalar));
    b.data = Contents();
    const std::vector<uint8_t> input = {10, 20, 30, 40};
    EXPECT_EQ(run_op<uint8_t>(*op, 1, 1, {input.data(), nullptr}, 4), (std::vector<uint8_t>{11, 22, 33, 44}));
    EXPECT_EQ(op->weight_bytes(), 4);
}

TEST(Add, InPlace) {
    for (Isa isa : available_isas()) {
        const Value x = activation(OCTAVO_U8, {1, 200}, 0.5f, 7);
        const OpDesc desc = operator_desc(OCTAVO_OP_ADD, {&x, &x}, x, isa);
        std::vector<uint8_t> a(200), b(200);
        for (int i = 0; i < 200; i++) {
            a[i] = static_cast<uint8_t>(i);
            b[i] = static_cast<uint8_t>(3 * i);
        }
        const std::vector<uint8_t> expected = run<uint8_t>(desc, 1, {a, b});
        const auto op = create_op(desc);
        ASSERT_TRUE(op->in_place());
        const void* inputs[] = {a.data(), b.data()};
        void* outputs[] = {a.data()};
        op->run({1, inputs, outputs, nullptr, 1});
        EXPECT_TRUE(same_bits(a, expected));
    }
}

// ---- clamp

TEST(Clamp, BoundsOfCodesAreQuantized) {
    const Value x = activation(OCTAVO_U8, {1, 5}, 0.1f, 20);
    for (Isa isa : available_isas()) {
        OpDesc desc = operator_desc(OCTAVO_OP_CLAMP, {&x}, x, isa);
        const std::vector<std::vector<uint8_t>> input = {{0, 20, 50, 80, 255}};
        desc.attributes.activation = OCTAVO_RELU;
        EXPECT_EQ(run(desc, 1, input), (std::vector<uint8_t>{20, 20, 50, 80, 255}));
        desc.attributes.activation = OCTAVO_CLAMP;
        desc.attributes.clamp_min = 0;
        desc.attributes.clamp_max = 6;
        EXPECT_EQ(run(desc, 1, input), (std::vector<uint8_t>{20, 20, 50, 80, 80}));
        desc.attributes.clamp_min = -infinity;
        desc.attributes.clamp_max = infinity;
        EXPECT_EQ(run(desc, 1, input), input[0]);
        desc.attributes.activation = OCTAVO_NO_ACTIVATION;
        EXPECT_EQ(run(desc, 1, input), input[0]);
    }
}

// PyTorch's scalar quantization: product and sum are rounded one after the other.
int bound_code(float bound, const Value& x) {
    const volatile float steps = bound * (1.0f / x.scales[0]);
    const float code = steps + static_cast<float>(x.zero_points[0]);
    return static_cast<int>(
        std::nearbyint(std::min(std::max(code, static_cast<float>(x.code_min)), static_cast<float>(x.code_max))));
}

// y = x through a product with 1, with the clamp in the product and behind it.
template <class T>
void same_bounds_fused_and_alone(octavo_dtype dtype) {
    const int low = lowest(dtype);
    std::vector<T> codes;
    for (int i = 0; i < 256; i++) codes.push_back(static_cast<T>(low + i));
    Value w = constant(OCTAVO_S8, {1, 1}, std::vector<int8_t>{1});
    w.scales = {1.0f};
    w.zero_points = {0};
    int once = 0;  // bounds that one rounding would have given another code
    Sweep(800).run([&](Random& random) {
        const float scale = random.pick({random.real(0.001f, 0.3f), 0.1f, 1.0f / 255, std::exp2(-random.real(0, 40))});
        Value y = activation(dtype, {1, 1}, scale, random.zero_point(low, low + 255));
        if (random.chance(0.3)) {
            y.code_min = low + static_cast<int>(random.integer(0, 100));
            y.code_max = low + static_cast<int>(random.integer(101, 255));
        }
        OpDesc alone = operator_desc(OCTAVO_OP_CLAMP, {&y}, y, Isa::scalar);
        alone.attributes.activation = OCTAVO_CLAMP;
        // Near the middle between two codes, where the order of roundings shows.
        const auto tie = [&] {
            const float steps = static_cast<float>(random.integer(low - 3, low + 258) - y.zero_points[0]) + 0.5f;
            const float bound = steps * scale;
            return random.pick({bound, std::nextafterf(bound, infinity), std::nextafterf(bound, -infinity), -infinity});
        };
        const float a = tie(), b = random.pick({tie(), infinity});
        alone.attributes.clamp_min = std::min(a, b);
        alone.attributes.clamp_max = std::max(a, b);
        std::vector<T> expected;
        for (T q : codes) {
            const int lo = bound_code(alone.attributes.clamp_min, y), hi = bound_code(alone.attributes.clamp_max, y);
            expected.push_back(static_cast<T>(std::min(std::max<int>(q, lo), hi)));
        }
        for (float bound : {a, b})
            once +=
                quantize_fused(bound, 1.0f / scale, y.zero_points[0], y.code_min, y.code_max) != bound_code(bound, y);
        for (Isa isa : available_isas()) {
            SCOPED_TRACE(isa_name(isa));
            alone.isa = isa;
            EXPECT_TRUE(same_bits(run_op<T>(*create_op(alone), 256, 1, {codes.data()}, 256), expected));
            OpDesc fused = operator_desc(OCTAVO_OP_LINEAR, {&y, &w}, y, isa);
            fused.attributes.activation = OCTAVO_CLAMP;
            fused.attributes.clamp_min = alone.attributes.clamp_min;
            fused.attributes.clamp_max = alone.attributes.clamp_max;
            EXPECT_TRUE(same_bits(run_op<T>(*create_op(fused), 256, 1, {codes.data(), nullptr}, 256), expected));
        }
        return true;
    });
    EXPECT_GT(once, 20);
}

TEST(Clamp, FusedIntoAProductItHasTheBoundsThatItHasAlone) {
    same_bounds_fused_and_alone<uint8_t>(OCTAVO_U8);
    same_bounds_fused_and_alone<int8_t>(OCTAVO_S8);
}

template <class T>
void sweep_clamp(octavo_dtype dtype) {
    Coverage coverage("clamp of codes");
    Distrust distrust;
    const int low = lowest(dtype);
    Sweep(200).run([&](Random& random) {
        const int64_t n = random_size(random), batch = random.integer(1, 3);
        const Value x = activation(dtype, {1, n}, 0.05f, random.zero_point(low, low + 255));
        OpDesc desc = operator_desc(OCTAVO_OP_CLAMP, {&x}, x, Isa::scalar);
        desc.attributes.activation = random.pick({OCTAVO_RELU, OCTAVO_CLAMP});
        desc.attributes.clamp_min = random.real(-4, 0);
        desc.attributes.clamp_max = random.real(0, 6);
        compare<T>(random, desc, batch, {random.codes<T>(static_cast<size_t>(n * batch), low, low + 255, false)},
                   coverage, distrust);
        return true;
    });
}

TEST(Clamp, U8EveryInstructionSetEqualsScalar) { sweep_clamp<uint8_t>(OCTAVO_U8); }
TEST(Clamp, S8EveryInstructionSetEqualsScalar) { sweep_clamp<int8_t>(OCTAVO_S8); }

TEST(Clamp, F32EveryInstructionSetEqualsScalarAndNanStays) {
    Coverage coverage("clamp f32");
    Distrust distrust;
    Sweep(200).run([&](Random& random) {
        const int64_t n = random_size(random);
        const Value x = float_value({1, n});
        OpDesc desc = operator_desc(OCTAVO_OP_CLAMP, {&x}, x, Isa::scalar);
        desc.attributes.activation = random.pick({OCTAVO_RELU, OCTAVO_CLAMP});
        desc.attributes.clamp_min = random.real(-4, 0);
        desc.attributes.clamp_max = random.pick({random.real(0, 6), infinity});
        const std::vector<float> input = random_floats(random, static_cast<size_t>(n), true);
        const std::vector<float> y = run<float>(desc, 1, {input});
        for (size_t i = 0; i < y.size(); i++) EXPECT_EQ(std::isnan(y[i]), std::isnan(input[i]));
        compare<float>(random, desc, 1, {input}, coverage, distrust);
        return true;
    });
}

// ---- requantize

TEST(Requantize, EveryCodeEqualsDequantizeThenQuantize) {
    const Value x = activation(OCTAVO_U8, {1, 256}, 0.07f, 100), f = float_value({1, 256});
    std::vector<uint8_t> codes(256);
    for (int i = 0; i < 256; i++) codes[i] = static_cast<uint8_t>(i);
    for (Isa isa : available_isas())
        for (octavo_dtype to : {OCTAVO_U8, OCTAVO_S8}) {
            const Value y = activation(to, {1, 256}, 0.035f, to == OCTAVO_S8 ? -11 : 11);
            const auto direct = create_op(operator_desc(OCTAVO_OP_REQUANTIZE, {&x}, y, isa));
            const auto down = create_op(operator_desc(OCTAVO_OP_DEQUANTIZE, {&x}, f, isa));
            const auto up = create_op(operator_desc(OCTAVO_OP_QUANTIZE, {&f}, y, isa));
            const std::vector<float> real = run_op<float>(*down, 1, 1, {codes.data()}, 256);
            EXPECT_TRUE(same_bits(run_op<uint8_t>(*direct, 1, 1, {codes.data()}, 256),
                                  run_op<uint8_t>(*up, 1, 1, {real.data()}, 256)));
        }
}

TEST(Requantize, EveryInstructionSetEqualsScalar) {
    Coverage coverage("requantize");
    Distrust distrust;
    Sweep(300).run([&](Random& random) {
        const octavo_dtype from = random.pick({OCTAVO_U8, OCTAVO_S8}), to = random.pick({OCTAVO_U8, OCTAVO_S8});
        const int64_t n = random_size(random), batch = random.integer(1, 3);
        const float scale = random.real(0.01f, 0.1f);
        const Value x = activation(from, {1, n}, scale, random.zero_point(lowest(from), lowest(from) + 255));
        const Value y = activation(to, {1, n}, random.pick({scale * 0.5f, scale * 2, random.real(0.01f, 0.1f), 1e-42f}),
                                   random.zero_point(lowest(to), lowest(to) + 255));
        const OpDesc desc = operator_desc(OCTAVO_OP_REQUANTIZE, {&x}, y, Isa::scalar);
        // The bits are the same whichever type they are looked at with.
        compare<uint8_t>(random, desc, batch, {random.codes<uint8_t>(static_cast<size_t>(n * batch), 0, 255, false)},
                         coverage, distrust);
        return true;
    });
    EXPECT_TRUE(distrust.trust());
}

TEST(Requantize, ZeroPointsAtTheEdgesAndScalesBeyondTheFloats) {
    std::vector<uint8_t> codes(256);
    for (int i = 0; i < 256; i++) codes[i] = static_cast<uint8_t>(i);
    for (int from : {0, 1, 127, 128, 255})
        for (int to : {0, 1, 127, 128, 255})
            for (float scale_x : {0.05f, 3e38f})
                for (float scale_y :
                     {0.1f, 1e-42f}) {  // the reciprocal is infinite, so that 0 becomes NaN: the zero point
                    const Value x = activation(OCTAVO_U8, {1, 256}, scale_x, from);
                    Value y = activation(OCTAVO_U8, {1, 256}, scale_y, to);
                    y.code_min = 3;
                    y.code_max = 250;
                    std::vector<uint8_t> expected;
                    for (int q : codes)
                        expected.push_back(static_cast<uint8_t>(
                            quantize_fused(dequantize(q, scale_x, from), 1.0f / scale_y, to, y.code_min, y.code_max)));
                    for (Isa isa : available_isas())
                        EXPECT_TRUE(same_bits(
                            run<uint8_t>(operator_desc(OCTAVO_OP_REQUANTIZE, {&x}, y, isa), 1, {codes}), expected));
                }
}

TEST(Requantize, EveryTableOfEveryInstructionSet) {
    Coverage coverage("maps of codes");
    Sweep(300).run([&](Random& random) {
        AlignedArray<uint8_t> table(256);
        for (uint8_t& v : table) v = static_cast<uint8_t>(random.integer(0, 255));
        const int64_t n = random.size_around(64, 600);
        const std::vector<uint8_t> x = random.codes<uint8_t>(static_cast<size_t>(n), 0, 255, false);
        std::vector<uint8_t> expected;
        for (uint8_t q : x) expected.push_back(table[q]);
        for (Isa isa : available_isas()) {
            const MapKernels& kernels = map_kernels(isa);
            SCOPED_TRACE(kernels.suffix);
            GuardedBuffer<uint8_t> from(x, random.pick({Guard::after, Guard::before}));
            GuardedBuffer<uint8_t> to(x.size(), random.pick({Guard::after, Guard::before}));
            kernels.bytes(from.data(), to.data(), n, table.data());
            EXPECT_TRUE(same_bits(to.data(), expected.data(), x.size()));
            kernels.bytes(from.data(), from.data(), n, table.data());
            EXPECT_TRUE(same_bits(from.data(), expected.data(), x.size()));
            coverage.ran(isa);
        }
        return true;
    });
}

// ---- softmax

TEST(Softmax, EqualsTheExactOneWithinThreeUnits) {
    Sweep(200).run([&](Random& random) {
        const int64_t n = random.integer(1, 200);
        const Value x = float_value({1, n});
        std::vector<float> input(static_cast<size_t>(n));
        const float spread = random.pick({1.0f, 10.0f, 60.0f});
        for (float& v : input) v = random.normal() * spread;
        double most = -infinity, sum = 0;
        for (float v : input) most = std::max<double>(most, v);
        for (float v : input) sum += std::exp(v - most);
        const std::vector<float> y = run<float>(operator_desc(OCTAVO_OP_SOFTMAX, {&x}, x, Isa::scalar), 1, {input});
        for (size_t i = 0; i < y.size(); i++) {
            const double exact = std::exp(input[i] - most) / sum;
            // exp: 2 units and the rounded difference x - max (half a unit of x, at most 512 * 2^-24); sum: n / 16 + 4
            // additions of positive numbers; division: half a unit. Results below the normal range round to 2^-149.
            const double bound =
                exact * (0x1p-24 * (4 + 1 + n / 16 + 4) + std::fabs(input[i] - most) * 0x1p-24) + 0x1p-148;
            EXPECT_LE(std::fabs(y[i] - exact), bound) << input[i] - most;
        }
        return true;
    });
}

TEST(Softmax, EveryInstructionSetEqualsScalar) {
    Coverage coverage("softmax");
    Distrust distrust;
    Sweep(400).run([&](Random& random) {
        const int64_t n = random.size_around(16, 300), rows = random.chance(0.03) ? 400 : random.integer(1, 4);
        const Value x = float_value({1, rows, n});
        const bool specials = random.chance(0.2);
        std::vector<float> input = random_floats(random, static_cast<size_t>(rows * n * 2), specials);
        if (random.chance(0.1)) std::fill(input.begin(), input.begin() + n, -infinity);
        if (random.chance(0.2))
            for (float& v : input) v *= 40;
        compare<float>(random, operator_desc(OCTAVO_OP_SOFTMAX, {&x}, x, Isa::scalar), 2, {input}, coverage, distrust);
        return true;
    });
}

TEST(Softmax, SpecialRows) {
    const Value x = float_value({1, 3});
    for (Isa isa : available_isas()) {
        const OpDesc desc = operator_desc(OCTAVO_OP_SOFTMAX, {&x}, x, isa);
        EXPECT_EQ(run<float>(desc, 1, {{-infinity, 7, -infinity}}), (std::vector<float>{0, 1, 0}));
        EXPECT_EQ(run<float>(desc, 1, {{-1000, 7, -1000}}), (std::vector<float>{0, 1, 0}));
        for (const std::vector<float>& row :
             {std::vector<float>{1, std::nanf(""), 2}, {infinity, 0, 0}, {-infinity, -infinity, -infinity}})
            for (float v : run<float>(desc, 1, {row})) EXPECT_TRUE(std::isnan(v));
    }
}

// ---- descriptions

TEST(Elementwise, WrongDescriptionsFail) {
    const Value a = activation(OCTAVO_U8, {1, 4}, 0.1f, 3), longer = activation(OCTAVO_U8, {1, 5}, 0.1f, 3);
    const Value s = activation(OCTAVO_S8, {1, 4}, 0.1f, 3), f = float_value({1, 4});
    Value other = a;
    other.scales = {0.2f};
    const auto status = [](const OpDesc& desc) {
        try {
            create_op(desc);
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("under test"), std::string::npos) << error.what();
            return error.status();
        }
        return OCTAVO_OK + 0;
    };
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_ADD, {&a, &longer}, a, Isa::scalar)), OCTAVO_SHAPE_MISMATCH);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_ADD, {&a, &s}, a, Isa::scalar)), OCTAVO_UNSUPPORTED);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_ADD, {&a}, a, Isa::scalar)), OCTAVO_INVALID_ARGUMENT);
    OpDesc clamped = operator_desc(OCTAVO_OP_ADD, {&a, &a}, a, Isa::scalar);
    clamped.attributes.activation = OCTAVO_CLAMP;
    EXPECT_EQ(status(clamped), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_CLAMP, {&a}, other, Isa::scalar)), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_SOFTMAX, {&a}, a, Isa::scalar)), OCTAVO_UNSUPPORTED);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_REQUANTIZE, {&f}, a, Isa::scalar)), OCTAVO_UNSUPPORTED);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_SOFTMAX, {&f}, f, Isa::scalar)), OCTAVO_OK);
    EXPECT_EQ(status(operator_desc(OCTAVO_OP_SGD_STEP, {&f}, f, Isa::scalar)), OCTAVO_UNSUPPORTED);
}

}  // namespace
}  // namespace octavo::test
