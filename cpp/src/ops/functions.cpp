#include "ops/functions.h"

#include <algorithm>
#include <cmath>

namespace octavo {

const char* unary_name(int32_t function) {
    static const char* const names[] = {
        "abs",          "neg",        "sign",  "floor",    "ceil",     "round",     "reciprocal", "sqrt",
        "exp",          "log",        "erf",   "sin",      "cos",      "tan",       "asin",       "acos",
        "atan",         "sinh",       "cosh",  "tanh",     "asinh",    "acosh",     "atanh",      "sigmoid",
        "hard_sigmoid", "hard_swish", "swish", "mish",     "gelu",     "gelu_tanh", "leaky_relu", "thresholded_relu",
        "elu",          "selu",       "celu",  "softplus", "softsign", "shrink",    "not",        "is_nan",
        "is_inf",
    };
    return names[function];
}

const char* binary_name(int32_t function) {
    static const char* const names[] = {
        "add", "sub", "mul", "div", "pow", "min", "max", "mod", "fmod", "prelu", "and", "or", "xor",
    };
    return names[function];
}

const char* relation_name(int32_t relation) {
    static const char* const names[] = {"equal", "less", "less_or_equal", "greater", "greater_or_equal"};
    return names[relation];
}

const char* reduction_name(int32_t kind) {
    static const char* const names[] = {"sum", "mean", "max",        "min",     "prod",
                                        "l1",  "l2",   "sum_square", "log_sum", "log_sum_exp"};
    return names[kind];
}

double unary_of_real(int32_t function, double x, double alpha, double beta) {
    const auto between = [](double v) { return v != v ? v : std::fmax(0, std::fmin(1, v)); };
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    const auto softplus = [](double v) { return std::fmax(v, 0) + std::log1p(std::exp(-std::fabs(v))); };
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
            return std::nearbyint(x);
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
            return sigmoid(x);
        case OCTAVO_UNARY_HARD_SIGMOID:
            return between(alpha * x + beta);
        case OCTAVO_UNARY_HARD_SWISH:
            return x * between(x / 6 + 0.5);
        case OCTAVO_UNARY_SWISH:
            return x * sigmoid(alpha * x);
        case OCTAVO_UNARY_MISH:
            return x * std::tanh(softplus(x));
        case OCTAVO_UNARY_GELU:
            return x / 2 * std::erfc(-x * std::sqrt(0.5));
        case OCTAVO_UNARY_GELU_TANH:
            return x * sigmoid(std::sqrt(8 / std::acos(-1.0)) * (x + 0.044715 * x * x * x));
        case OCTAVO_UNARY_LEAKY_RELU:
            return x < 0 ? alpha * x : x;
        case OCTAVO_UNARY_THRESHOLDED_RELU:
            return x > alpha ? x : 0;
        case OCTAVO_UNARY_ELU:
            return x < 0 ? alpha * std::expm1(x) : x;
        case OCTAVO_UNARY_SELU:
            return beta * (x > 0 ? x : alpha * std::expm1(x));
        case OCTAVO_UNARY_CELU:
            return x != x ? x : std::fmax(0, x) + std::fmin(0, alpha * std::expm1(x / alpha));
        case OCTAVO_UNARY_SOFTPLUS:
            return x != x ? x : softplus(x);
        case OCTAVO_UNARY_SOFTSIGN:
            return x / (1 + std::fabs(x));
        case OCTAVO_UNARY_SHRINK:
            return x < -alpha ? x + beta : x > alpha ? x - beta : 0;
        default:
            return NAN;
    }
}

AlignedArray<uint8_t> unary_table(const Attributes& attributes, const Value& x, const Value& y) {
    AlignedArray<uint8_t> table(256);
    const double scale = x.scales[0], step = y.scales[0], zero = y.zero_points[0];
    for (int byte = 0; byte < 256; byte++) {
        const int code = x.dtype == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
        const double real = unary_of_real(attributes.function, (code - x.zero_points[0]) * scale,
                                          double{attributes.alpha}, double{attributes.beta});
        const double steps = real != real ? 0 : std::nearbyint(real / step);
        table[byte] = static_cast<uint8_t>(
            static_cast<int>(std::fmin(std::fmax(steps + zero, double(y.code_min)), double(y.code_max))));
    }
    return table;
}

}  // namespace octavo
