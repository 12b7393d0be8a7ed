// Functions of floats, element by element, and the product of codes, in vectors or in one lane (vectors.h or vectors_one.h comes
// before).
#ifndef OCTAVO_KERNELS_POINTWISE_VECTORS_H
#define OCTAVO_KERNELS_POINTWISE_VECTORS_H

#include "kernels/functions_vectors.h"
#include "kernels/pointwise.h"

namespace octavo {
namespace {

// Of functions that stop at a bound the operand that may be NaN comes second, so that it is the result.

struct Abs {
    Vec operator()(Vec x, Vec, Vec) const { return abs(x); }
};
struct Neg {
    Vec operator()(Vec x, Vec, Vec) const { return vec(-0.0f) - x; }
};
struct Sign {
    Vec operator()(Vec x, Vec, Vec) const {
        const Vec zero = vec(0), other = select(is_nan(x), x, zero);
        return select(x > zero, vec(1), select(zero > x, vec(-1), other));
    }
};
struct Floor {
    Vec operator()(Vec x, Vec, Vec) const { return whole_below(x); }
};
struct Ceil {
    Vec operator()(Vec x, Vec, Vec) const { return whole_above(x); }
};
struct Round {
    Vec operator()(Vec x, Vec, Vec) const { return whole_nearest(x); }
};
struct Reciprocal {
    Vec operator()(Vec x, Vec, Vec) const { return vec(1) / x; }
};
struct Sqrt {
    Vec operator()(Vec x, Vec, Vec) const { return sqrt(x); }
};
struct Exp {
    Vec operator()(Vec x, Vec, Vec) const { return exp(x); }
};
struct Log {
    Vec operator()(Vec x, Vec, Vec) const { return log(x); }
};
struct Erf {
    Vec operator()(Vec x, Vec, Vec) const { return erf(x); }
};
struct Tanh {
    Vec operator()(Vec x, Vec, Vec) const { return tanh(x); }
};
struct Sigmoid {
    Vec operator()(Vec x, Vec, Vec) const { return sigmoid(x); }
};
struct HardSigmoid {
    Vec operator()(Vec x, Vec alpha, Vec beta) const { return max(vec(0), min(vec(1), fma(alpha, x, beta))); }
};
struct HardSwish {
    Vec operator()(Vec x, Vec, Vec) const { return x * max(vec(0), min(vec(1), fma(x, vec(1 / 6.0f), vec(0.5f)))); }
};
struct Swish {
    Vec operator()(Vec x, Vec alpha, Vec) const { return x * sigmoid(alpha * x); }
};
struct Mish {
    Vec operator()(Vec x, Vec, Vec) const { return mish(x); }
};
struct Gelu {
    Vec operator()(Vec x, Vec, Vec) const { return gelu(x); }
};
struct GeluTanh {
    Vec operator()(Vec x, Vec, Vec) const { return gelu_tanh(x); }
};
struct LeakyRelu {
    Vec operator()(Vec x, Vec alpha, Vec) const { return select(vec(0) > x, alpha * x, x); }
};
struct ThresholdedRelu {
    Vec operator()(Vec x, Vec alpha, Vec) const { return select(x > alpha, x, vec(0)); }
};
struct Elu {
    Vec operator()(Vec x, Vec alpha, Vec) const { return select(vec(0) > x, alpha * exp_less_one(min(vec(0), x)), x); }
};
struct Selu {
    Vec operator()(Vec x, Vec alpha, Vec beta) const {
        return beta * select(x > vec(0), x, alpha * exp_less_one(min(vec(0), x)));
    }
};
struct Celu {
    Vec operator()(Vec x, Vec alpha, Vec) const {
        const Vec ratio = x / alpha;
        const Vec power = select(ratio > vec(1), exp(ratio) - vec(1), exp_less_one(min(vec(1), ratio)));
        return max(vec(0), x) + min(vec(0), alpha * power);
    }
};
struct Softplus {
    Vec operator()(Vec x, Vec, Vec) const { return softplus(x); }
};
struct Softsign {
    Vec operator()(Vec x, Vec, Vec) const { return x / (vec(1) + abs(x)); }
};
struct Shrink {
    Vec operator()(Vec x, Vec alpha, Vec beta) const {
        return select(x > alpha, x - beta, select(vec(0) - alpha > x, x + beta, vec(0)));
    }
};

template <class F>
void unary(const float* x, float* y, int64_t n, float alpha, float beta) {
    const Vec a = vec(alpha), b = vec(beta);
    each_vector(n, [&](int64_t i, auto k) { store(y + i, F()(load(x + i, k), a, b), k); });
}

struct Add {
    Vec operator()(Vec a, Vec b) const { return a + b; }
};
struct Sub {
    Vec operator()(Vec a, Vec b) const { return a - b; }
};
struct Mul {
    Vec operator()(Vec a, Vec b) const { return a * b; }
};
struct Div {
    Vec operator()(Vec a, Vec b) const { return a / b; }
};
struct Min {
    Vec operator()(Vec a, Vec b) const { return select(is_nan(a), a, min(a, b)); }
};
struct Max {
    Vec operator()(Vec a, Vec b) const { return select(is_nan(a), a, max(a, b)); }
};
struct Prelu {
    Vec operator()(Vec a, Vec b) const { return select(vec(0) > a, a * b, a); }
};
struct Square {
    Vec operator()(Vec a, Vec) const { return a * a; }
};

template <class F>
void binary(const float* a, const float* b, float* y, int64_t n) {
    each_vector(n, [&](int64_t i, auto k) { store(y + i, F()(load(a + i, k), load(b + i, k)), k); });
}

using UnaryKernel = void (*)(const float*, float*, int64_t, float, float);
using BinaryKernel = void (*)(const float*, const float*, float*, int64_t);

// Those of the table that are written here; the others are null.
constexpr PointwiseKernels pointwise_kernels(const char* isa, void (*mul_u8)(const MulCodes&),
                                             void (*mul_s8)(const MulCodes&)) {
    PointwiseKernels k = {isa, {}, {}, binary<Square>, mul_u8, mul_s8};
    k.unary[unary_abs] = unary<Abs>;
    k.unary[unary_neg] = unary<Neg>;
    k.unary[unary_sign] = unary<Sign>;
    k.unary[unary_floor] = unary<Floor>;
    k.unary[unary_ceil] = unary<Ceil>;
    k.unary[unary_round] = unary<Round>;
    k.unary[unary_reciprocal] = unary<Reciprocal>;
    k.unary[unary_sqrt] = unary<Sqrt>;
    k.unary[unary_exp] = unary<Exp>;
    k.unary[unary_log] = unary<Log>;
    k.unary[unary_erf] = unary<Erf>;
    k.unary[unary_tanh] = unary<Tanh>;
    k.unary[unary_sigmoid] = unary<Sigmoid>;
    k.unary[unary_hard_sigmoid] = unary<HardSigmoid>;
    k.unary[unary_hard_swish] = unary<HardSwish>;
    k.unary[unary_swish] = unary<Swish>;
    k.unary[unary_mish] = unary<Mish>;
    k.unary[unary_gelu] = unary<Gelu>;
    k.unary[unary_gelu_tanh] = unary<GeluTanh>;
    k.unary[unary_leaky_relu] = unary<LeakyRelu>;
    k.unary[unary_thresholded_relu] = unary<ThresholdedRelu>;
    k.unary[unary_elu] = unary<Elu>;
    k.unary[unary_selu] = unary<Selu>;
    k.unary[unary_celu] = unary<Celu>;
    k.unary[unary_softplus] = unary<Softplus>;
    k.unary[unary_softsign] = unary<Softsign>;
    k.unary[unary_shrink] = unary<Shrink>;
    k.binary[binary_add] = binary<Add>;
    k.binary[binary_sub] = binary<Sub>;
    k.binary[binary_mul] = binary<Mul>;
    k.binary[binary_div] = binary<Div>;
    k.binary[binary_min] = binary<Min>;
    k.binary[binary_max] = binary<Max>;
    k.binary[binary_prelu] = binary<Prelu>;
    return k;
}

}  // namespace
}  // namespace octavo

#endif
