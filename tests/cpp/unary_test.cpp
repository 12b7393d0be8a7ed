// Functions of one number: of floats against the C library's in double over the whole range, the same bits on every instruction set;
// of codes for all of them; of integers by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "registry/pointwise.h"
#include "support/agree.h"
#include "support/coverage.h"
#include "support/shapes.h"

namespace octavo::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// The formulas of octavo.h, literally where that loses no digits.
double formula(int function, double x, double alpha, double beta) {
    const auto logistic = [](double v) { return v > 0 ? 1 / (1 + std::exp(-v)) : std::exp(v) / (1 + std::exp(v)); };
    const auto bound = [](double v) { return v > 1 ? 1 : v < 0 ? 0 : v; };
    switch (function) {
        case OCTAVO_UNARY_ABS:
            return std::fabs(x);
        case OCTAVO_UNARY_NEG:
            return -x;
        case OCTAVO_UNARY_SIGN:
            return x > 0 ? 1 : x < 0 ? -1 : x;
        case OCTAVO_UNARY_FLOOR:
            return std::floor(x);
        case OCTAVO_UNARY_CEIL:
            return std::ceil(x);
        case OCTAVO_UNARY_ROUND:
            return std::rint(x);
        case OCTAVO_UNARY_RECIPROCAL:
            return 1 / x;
        case OCTAVO_UNARY_SQRT:
            return std::sqrt(x);
        case OCTAVO_UNARY_EXP:
            return std::exp(x);
        case OCTAVO_UNARY_LOG:
            return std::log(x);
        case OCTAVO_UNARY_ERF:
            return std::erf(x);
        case OCTAVO_UNARY_SIN:
            return std::sin(x);
        case OCTAVO_UNARY_COS:
            return std::cos(x);
        case OCTAVO_UNARY_TAN:
            return std::tan(x);
        case OCTAVO_UNARY_ASIN:
            return std::asin(x);
        case OCTAVO_UNARY_ACOS:
            return std::acos(x);
        case OCTAVO_UNARY_ATAN:
            return std::atan(x);
        case OCTAVO_UNARY_SINH:
            return std::sinh(x);
        case OCTAVO_UNARY_COSH:
            return std::cosh(x);
        case OCTAVO_UNARY_TANH:
            return std::tanh(x);
        case OCTAVO_UNARY_ASINH:
            return std::asinh(x);
        case OCTAVO_UNARY_ACOSH:
            return std::acosh(x);
        case OCTAVO_UNARY_ATANH:
            return std::atanh(x);
        case OCTAVO_UNARY_SIGMOID:
            return logistic(x);
        case OCTAVO_UNARY_HARD_SIGMOID:
            return bound(alpha * x + beta);
        case OCTAVO_UNARY_HARD_SWISH:
            return x * bound(x / 6 + 0.5);
        case OCTAVO_UNARY_SWISH:
            return x * logistic(alpha * x);
        case OCTAVO_UNARY_MISH:
            return x * std::tanh(x > 30 ? x : std::log1p(std::exp(x)));
        case OCTAVO_UNARY_GELU:
            return x > 0 ? x / 2 * (1 + std::erf(x / std::sqrt(2.0))) : x / 2 * std::erfc(-x / std::sqrt(2.0));
        case OCTAVO_UNARY_GELU_TANH: {
            const double u = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
            return x > 0 ? x / 2 * (1 + std::tanh(u)) : x * logistic(2 * u);
        }
        case OCTAVO_UNARY_LEAKY_RELU:
            return x < 0 ? alpha * x : x;
        case OCTAVO_UNARY_THRESHOLDED_RELU:
            return x > alpha ? x : 0;
        case OCTAVO_UNARY_ELU:
            return x < 0 ? alpha * std::expm1(x) : x;
        case OCTAVO_UNARY_SELU:
            return x > 0 ? beta * x : beta * alpha * std::expm1(x);
        case OCTAVO_UNARY_CELU:
            return x != x ? x : std::fmax(0, x) + std::fmin(0, alpha * std::expm1(x / alpha));
        case OCTAVO_UNARY_SOFTPLUS:
            return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
        case OCTAVO_UNARY_SOFTSIGN:
            return x / (1 + std::fabs(x));
        case OCTAVO_UNARY_SHRINK:
            return x < -alpha ? x + beta : x > alpha ? x - beta : 0;
        default:
            return 0;
    }
}

struct Parameters {
    float alpha, beta;
};

std::vector<Parameters> parameters_of(int function) {
    switch (function) {
        case OCTAVO_UNARY_HARD_SIGMOID:
            return {{0.2f, 0.5f}, {1 / 6.0f, 0.5f}};
        case OCTAVO_UNARY_SWISH:
            return {{1, 0}, {1.702f, 0}};
        case OCTAVO_UNARY_LEAKY_RELU:
            return {{0.01f, 0}, {-2, 0}};
        case OCTAVO_UNARY_THRESHOLDED_RELU:
            return {{1, 0}, {-0.5f, 0}};
        case OCTAVO_UNARY_ELU:
            return {{1, 0}, {0.3f, 0}};
        case OCTAVO_UNARY_SELU:
            return {{1.6732632f, 1.0507010f}};
        case OCTAVO_UNARY_CELU:
            return {{1, 0}, {2.5f, 0}};
        case OCTAVO_UNARY_SHRINK:
            return {{0.5f, 0}, {1.5f, 1.5f}};
        default:
            return {{0, 0}};
    }
}

// What rounding within a formula leaves: of a sum of numbers of other signs, and of a result that is tiny beside x.
double allowed(int function, double x, double expected, const Parameters& p) {
    const double relative = 1e-6 * std::fabs(expected) + 2e-45 * (1 + std::fabs(x));  // of a factor without leading bit
    switch (function) {
        case OCTAVO_UNARY_HARD_SIGMOID:
            return relative + 1e-7;
        case OCTAVO_UNARY_HARD_SWISH:
            return relative + 1e-7 * std::fabs(x);
        case OCTAVO_UNARY_SWISH:
            return relative * (1 + std::fabs(p.alpha * x) / 4);
        case OCTAVO_UNARY_GELU_TANH:
            return relative * (1 + std::fmin(100, std::fabs(x * x * x) / 10));
        case OCTAVO_UNARY_CELU:
            return relative * (1 + std::fabs(x) / 8);
        case OCTAVO_UNARY_SHRINK:
            return relative + 1e-7 * std::fabs(x);
        default:
            return relative;
    }
}

// Infinite where the formula in double is so, or beyond what floats hold; where it is no number because infinity meets 0, whatever
// is the limit or no number.
bool acceptable(int function, float x, float found, const Parameters& p) {
    const double expected = formula(function, x, p.alpha, p.beta);
    if (expected != expected) return found != found || std::isinf(x);
    if (x != x) return found == expected;  // of those that compare
    if (std::fabs(expected) > std::numeric_limits<float>::max() * (1 + 1e-7))
        return found == (expected > 0 ? infinity : -infinity);
    if (std::isinf(found)) return std::fabs(expected) > std::numeric_limits<float>::max() * (1 - 2e-6);
    if (std::isinf(x) && found != found)
        return function == OCTAVO_UNARY_SWISH || function == OCTAVO_UNARY_MISH || function == OCTAVO_UNARY_GELU_TANH;
    return std::fabs(found - expected) <= allowed(function, x, expected, p);
}

std::vector<float> numbers() {
    std::vector<float> x = {0.0f,           -0.0f,      1.0f,          -1.0f,           0.5f,
                            -0.5f,          1.5f,       2.5f,          -2.5f,           0.75f,
                            -0.75f,         infinity,   -infinity,     std::nanf(""),   1e-45f,
                            -1e-45f,        1e-40f,     -1e-40f,       1.17549435e-38f, 3.4028235e38f,
                            -3.4028235e38f, 88.72f,     88.73f,        -87.3f,          -103.9f,
                            -104.1f,        8388607.5f, 2147483648.0f, -2147483648.0f};
    // All exponents and signs.
    for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 99991) {
        const auto narrow = static_cast<uint32_t>(bits);
        float number;
        std::memcpy(&number, &narrow, sizeof number);
        x.push_back(number);
    }
    // Where functions bend.
    for (int i = -40000; i <= 40000; i++) x.push_back(static_cast<float>(i) * 0.00037f);
    for (int i = -4000; i <= 4000; i++) x.push_back(static_cast<float>(i) * 0.0277f);
    return x;
}

// NaNs are one.
void merge_nans(std::vector<float>* y) {
    for (float& v : *y)
        if (v != v) v = std::nanf("");
}

TEST(Unary, FloatsAreWithinAMillionthOfTheFormulaAndTheSameOnEveryInstructionSet) {
    Coverage coverage("unary f32");
    const std::vector<float> x = numbers();
    const Value value = float_value({1, static_cast<int64_t>(x.size())});
    for (int function = 0; function < OCTAVO_UNARY_NOT; function++) {
        for (const Parameters& p : parameters_of(function)) {
            OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&value}, value, Isa::scalar);
            desc.attributes.function = function;
            desc.attributes.alpha = p.alpha;
            desc.attributes.beta = p.beta;
            std::vector<float> expected = run_op<float>(*create_op(desc), 1, 1, {x.data()}, x.size());
            SCOPED_TRACE(create_op(desc)->kernel());
            int wrong = 0;
            for (size_t i = 0; i < x.size(); i++) {
                if (acceptable(function, x[i], expected[i], p) || wrong++ > 4) continue;
                ADD_FAILURE() << "of " << x[i] << ": " << expected[i] << " instead of "
                              << formula(function, x[i], p.alpha, p.beta);
            }
            EXPECT_EQ(wrong, 0);
            merge_nans(&expected);
            for (Isa isa : available_isas()) {
                desc.isa = isa;
                const auto op = create_op(desc);
                for (int threads : {1, 3}) {
                    std::vector<float> found = run_op<float>(*op, 1, threads, {x.data()}, x.size());
                    merge_nans(&found);
                    ASSERT_TRUE(same_bits(found, expected)) << op->kernel();
                }
                coverage.ran(isa);
            }
        }
    }
}

TEST(Unary, ZeroKeepsItsSignWhereTheFormulaDoes) {
    const float zero = -0.0f;
    const Value value = float_value({1, 1});
    for (int function : {OCTAVO_UNARY_TANH, OCTAVO_UNARY_ERF, OCTAVO_UNARY_SQRT, OCTAVO_UNARY_LEAKY_RELU,
                         OCTAVO_UNARY_ELU, OCTAVO_UNARY_ROUND}) {
        OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&value}, value, Isa::scalar);
        desc.attributes.function = function;
        EXPECT_TRUE(std::signbit(run_op<float>(*create_op(desc), 1, 1, {&zero}, 1)[0])) << create_op(desc)->kernel();
    }
}

TEST(Unary, CodesAreOfTheRealNumberInDouble) {
    Coverage coverage("unary codes");
    Sweep(400).run([&](Random& random) {
        const octavo_dtype from = random.pick({OCTAVO_U8, OCTAVO_S8}), to = random.pick({OCTAVO_U8, OCTAVO_S8});
        const int low_x = from == OCTAVO_S8 ? -128 : 0, low_y = to == OCTAVO_S8 ? -128 : 0;
        const int64_t n = random.size_around(64, 300), batch = random.integer(1, 3);
        const Value x = activation(from, {1, n}, random.real(0.001f, 0.1f), random.zero_point(low_x, low_x + 255));
        Value y = activation(to, {1, n}, random.real(0.001f, 0.1f), random.zero_point(low_y, low_y + 255));
        if (random.chance(0.2)) {
            y.code_min = low_y + 20;
            y.code_max = low_y + 200;
        }
        OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&x}, y, Isa::scalar);
        const int function = static_cast<int>(random.integer(0, OCTAVO_UNARY_NOT - 1));
        const Parameters p = random.pick(parameters_of(function));
        desc.attributes.function = function;
        desc.attributes.alpha = p.alpha;
        desc.attributes.beta = p.beta;
        const auto codes = random.codes<uint8_t>(static_cast<size_t>(n * batch), 0, 255, false);
        std::vector<uint8_t> expected;
        for (uint8_t byte : codes) {
            const int code = from == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
            const double real = formula(function, (code - x.zero_points[0]) * double{x.scales[0]}, p.alpha, p.beta);
            double q = real != real ? 0 : std::rint(real / double{y.scales[0]});
            q = std::min(std::max(q + y.zero_points[0], y.code_min + 0.0), y.code_max + 0.0);
            expected.push_back(static_cast<uint8_t>(static_cast<int>(q)));
        }
        for (Isa isa : available_isas()) {
            desc.isa = isa;
            const auto op = create_op(desc);
            EXPECT_TRUE(
                same_bits(run_op<uint8_t>(*op, batch, random.pick({1, 3}), {codes.data()}, codes.size()), expected))
                << op->kernel();
            coverage.ran(isa);
        }
        return true;
    });
}

template <class T>
void integers(octavo_dtype dtype) {
    const T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    const std::vector<T> x = {0, 1, 5, most, least, static_cast<T>(least + 1)};
    Value value = float_value({1, 6});
    value.dtype = dtype;
    const auto of = [&](int function) {
        OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&value}, value, Isa::scalar);
        desc.attributes.function = function;
        return run_op<T>(*create_op(desc), 1, 1, {x.data()}, x.size());
    };
    const auto wrap = [](int64_t v) { return static_cast<T>(v); };
    const bool sign = least < 0;
    std::vector<T> abs = x, neg = x, signs = x;
    for (size_t i = 0; i < x.size(); i++) {
        neg[i] = wrap(static_cast<int64_t>(-static_cast<uint64_t>(x[i])));
        if (sign && x[i] < 0) abs[i] = neg[i];
        signs[i] = x[i] > 0 ? T{1} : x[i] == 0 ? T{0} : static_cast<T>(-1);
    }
    EXPECT_EQ(of(OCTAVO_UNARY_ABS), abs);
    EXPECT_EQ(of(OCTAVO_UNARY_NEG), neg);
    EXPECT_EQ(of(OCTAVO_UNARY_SIGN), signs);
}

TEST(Unary, IntegersWrap) {
    integers<uint8_t>(OCTAVO_U8);
    integers<int8_t>(OCTAVO_S8);
    integers<int32_t>(OCTAVO_S32);
    integers<int64_t>(OCTAVO_S64);
}

TEST(Unary, Truth) {
    const std::vector<float> x = {1, std::nanf(""), infinity, -infinity, 0, 3e38f};
    const Value value = float_value({1, 6});
    Value truth = value;
    truth.dtype = OCTAVO_BOOL;
    const auto of = [&](int function, float alpha, float beta) {
        OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&value}, truth, Isa::scalar);
        desc.attributes.function = function;
        desc.attributes.alpha = alpha;
        desc.attributes.beta = beta;
        return run_op<uint8_t>(*create_op(desc), 1, 1, {x.data()}, x.size());
    };
    using Truths = std::vector<uint8_t>;
    EXPECT_EQ(of(OCTAVO_UNARY_IS_NAN, 0, 0), (Truths{0, 1, 0, 0, 0, 0}));
    EXPECT_EQ(of(OCTAVO_UNARY_IS_INF, 1, 1), (Truths{0, 0, 1, 1, 0, 0}));
    EXPECT_EQ(of(OCTAVO_UNARY_IS_INF, 1, 0), (Truths{0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(of(OCTAVO_UNARY_IS_INF, 0, 1), (Truths{0, 0, 1, 0, 0, 0}));
    OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&truth}, truth, Isa::scalar);
    desc.attributes.function = OCTAVO_UNARY_NOT;
    const Truths given = {0, 1, 1, 0, 0, 1};
    EXPECT_EQ(run_op<uint8_t>(*create_op(desc), 1, 1, {given.data()}, 6), (Truths{1, 0, 0, 1, 1, 0}));
}

TEST(Unary, RefusesWhatNoKernelTakes) {
    const auto message = [](int function, octavo_dtype from, octavo_dtype to) {
        Value x = float_value({1, 2}), y = x;
        x.dtype = from;
        y.dtype = to;
        OpDesc desc = operator_desc(OCTAVO_OP_UNARY, {&x}, y, Isa::scalar);
        desc.attributes.function = function;
        try {
            create_op(desc);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(
        message(OCTAVO_UNARY_EXP, OCTAVO_S32, OCTAVO_S32).find("operator \"under test\" (unary): exp of \"f\", s32"),
        0u);
    EXPECT_NE(message(OCTAVO_UNARY_NOT, OCTAVO_F32, OCTAVO_F32), "");
    EXPECT_NE(message(OCTAVO_UNARY_EXP, OCTAVO_F32, OCTAVO_S32).find("is s32, expected f32"), std::string::npos);
    EXPECT_NE(message(OCTAVO_UNARY_IS_NAN, OCTAVO_F32, OCTAVO_F32).find("expected bool"), std::string::npos);
    EXPECT_EQ(message(OCTAVO_UNARY_EXP, OCTAVO_F32, OCTAVO_F32), "");
}

}  // namespace
}  // namespace octavo::test
