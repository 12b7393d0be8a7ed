// Family pointwise: functions of one or two floats, element by element, and the product of codes.
#ifndef OCTAVO_KERNELS_POINTWISE_H
#define OCTAVO_KERNELS_POINTWISE_H

#include <stdint.h>

namespace octavo {

// Numbered as octavo_unary and octavo_binary of octavo.h, which say what they are.
enum UnaryFunction {
    unary_abs,
    unary_neg,
    unary_sign,
    unary_floor,
    unary_ceil,
    unary_round,
    unary_reciprocal,
    unary_sqrt,
    unary_exp,
    unary_log,
    unary_erf,
    unary_sin,
    unary_cos,
    unary_tan,
    unary_asin,
    unary_acos,
    unary_atan,
    unary_sinh,
    unary_cosh,
    unary_tanh,
    unary_asinh,
    unary_acosh,
    unary_atanh,
    unary_sigmoid,
    unary_hard_sigmoid,
    unary_hard_swish,
    unary_swish,
    unary_mish,
    unary_gelu,
    unary_gelu_tanh,
    unary_leaky_relu,
    unary_thresholded_relu,
    unary_elu,
    unary_selu,
    unary_celu,
    unary_softplus,
    unary_softsign,
    unary_shrink,
    float_functions,
    unary_not = float_functions,
    unary_is_nan,
    unary_is_inf,
};

enum BinaryFunction {
    binary_add,
    binary_sub,
    binary_mul,
    binary_div,
    binary_pow,
    binary_min,
    binary_max,
    binary_mod,
    binary_fmod,
    binary_prelu,
    number_functions,
    binary_and = number_functions,
    binary_or,
    binary_xor,
};

// clamp(rint(float((a - zero_a) * (b - zero_b)) * multiplier) + zero_y, lo, hi): PyTorch's formula.
struct MulCodes {
    const void *a, *b;
    void* y;
    int64_t n;
    float multiplier;  // scale_a * scale_b * (1 / scale_y), finite
    int32_t zero_a, zero_b, zero_y, lo, hi;
};

// Arrays may be the same, but not overlap otherwise. Functions that call the C library (pow, mod, the rarer unary ones) are in the
// scalar row alone, null in others.
struct PointwiseKernels {
    const char* suffix;
    void (*unary[float_functions])(const float* x, float* y, int64_t n, float alpha, float beta);
    void (*binary[number_functions])(const float* a, const float* b, float* y, int64_t n);
    void (*square)(const float* a, const float* b, float* y, int64_t n);  // a * a
    // |results before clamping| below 2^31, except those of the scalar row, which saturate.
    void (*mul_u8)(const MulCodes&);
    void (*mul_s8)(const MulCodes&);
};

extern const PointwiseKernels pointwise_scalar, pointwise_avx2, pointwise_avx512;

}  // namespace octavo

#endif
