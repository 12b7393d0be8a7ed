// Functions of floats in vectors, or in one lane (vectors.h or vectors_one.h comes before): the same operations in the same order, so
// the same bits. Errors are a few units in the last place. NaN gives NaN.
#ifndef OCTAVO_KERNELS_FUNCTIONS_VECTORS_H
#define OCTAVO_KERNELS_FUNCTIONS_VECTORS_H

namespace octavo {
namespace {

// By Horner's rule, the coefficient of the highest power first.
template <int count>
Vec polynomial(Vec x, const float (&coefficients)[count]) {
    Vec y = vec(coefficients[0]);
#pragma GCC unroll 16
    for (int i = 1; i < count; i++) y = fma(y, x, vec(coefficients[i]));
    return y;
}

// x = n ln 2 + r, |r| <= ln 2 / 2, for |x| below 2^15. ln 2 is in two parts, the first exact in products with n.
struct Reduced {
    IVec n;
    Vec r;

    explicit Reduced(Vec x) : n(round(x * vec(0x1.715476p+0f))) {
        const Vec whole = to_floats(n);
        r = fma(whole, vec(-0x1.7f7d1cp-20f), fma(whole, vec(-0x1.62e400p-1f), x));
    }
};

// e^x: the Taylor polynomial of degree 7 in r, then 2^n in two factors so that small results round once.
inline Vec exp(Vec x) {
    x = min(vec(89.0f), max(vec(-104.0f), x));  // beyond these the result is infinite or 0
    const Reduced a(x);
    constexpr float terms[] = {0x1.a01a02p-13f, 0x1.6c16c2p-10f, 0x1.111112p-7f, 0x1.555556p-5f,
                               0x1.555556p-3f,  0x1p-1f,         1.0f,           1.0f};
    return polynomial(a.r, terms) * power_of_two(half(a.n)) * power_of_two(a.n - half(a.n));
}

// e^x - 1 for x <= 80: 2^n (e^r - 1) + 2^n - 1.
inline Vec exp_less_one(Vec x) {
    const Reduced a(max(vec(-40.0f), x));  // below it the result is -1
    constexpr float terms[] = {0x1.a01a02p-13f, 0x1.6c16c2p-10f, 0x1.111112p-7f,
                               0x1.555556p-5f,  0x1.555556p-3f,  0x1p-1f};
    const Vec power = power_of_two(a.n);
    return fma(power, fma(polynomial(a.r, terms) * a.r, a.r, a.r), power - vec(1));
}

// ln(1 + f) = 2 atanh(s), s = f / (2 + f), by the series 2s (1 + s^2/3 + s^4/5 + ..), 2s = f - s f.
template <int count>
Vec log_one_plus(Vec f, const float (&terms)[count]) {
    const Vec s = f / (vec(2) + f), z = s * s;
    const Vec rest = vec(2) * z * polynomial(z, terms);
    return fma(s, rest - f, f);
}

// ln(1 + f), 0 <= f <= 1.
inline Vec log_one_plus(Vec f) {
    constexpr float terms[] = {1 / 15.0f, 1 / 13.0f, 1 / 11.0f, 1 / 9.0f, 1 / 7.0f, 1 / 5.0f, 1 / 3.0f};
    return log_one_plus(f, terms);
}

// ln x: x = 2^n m, m between the roots of 1/2 and 2.
inline Vec log(Vec x) {
    const Mask small = vec(0x1p-126f) > x;  // has no leading bit
    const IVec root = ivec(0x3f3504f3);     // of 1/2
    const IVec above = as_integers(select(small, x * vec(0x1p25f), x)) - root;
    const Vec m = as_floats((above & ivec(0x007fffff)) + root);
    const Vec n = to_floats(exponent_bits(above)) - select(small, vec(25), vec(0));
    constexpr float terms[] = {1 / 9.0f, 1 / 7.0f, 1 / 5.0f, 1 / 3.0f};
    const Vec log_m = log_one_plus(m - vec(1), terms);
    const Vec y = fma(n, vec(0x1.62e400p-1f), fma(n, vec(0x1.7f7d1cp-20f), log_m));
    const Vec zero = vec(0), least = select(is_nan(x), x, vec(-__builtin_inff()));
    return select(x > zero, select(is_finite(x), y, x), select(zero > x, vec(__builtin_nanf("")), least));
}

// e^(a^2) erfc(a), 0 <= a <= 10: a polynomial in (a - 2) / (a + 2) over 1 + 2a, the best of its degree by Chebyshev's nodes.
inline Vec scaled_erfc(Vec a) {
    constexpr float terms[] = {-0x1.ac206ep-12f, -0x1.44d174p-10f, 0x1.5a40b2p-10f, 0x1.1b2746p-7f,  -0x1.082f56p-7f,
                               -0x1.bc1126p-5f,  0x1.4ffc6ep-3f,   -0x1.54081ep-3f, -0x1.7bf61ap-4f, 0x1.46e80ep+0f};
    return polynomial((a - vec(2)) / (a + vec(2)), terms) / fma(a, vec(2), vec(1));
}

// e^(-factor x^2), a factor that is a power of two, with what rounding the square leaves.
inline Vec exp_of_square(Vec x, float factor) {
    const Vec square = x * x, rest = fma(x, x, vec(0) - square), e = exp(square * vec(-factor));
    return fma(e * rest, vec(-factor), e);
}

inline Vec erf(Vec x) {
    const Vec a = min(vec(4.0f), abs(x));  // beyond it the result is 1
    constexpr float terms[] = {0x1.b9e6cap-20f, -0x1.f4d25cp-17f, 0x1.f9a326p-14f, -0x1.c02db4p-11f, 0x1.565bcep-8f,
                               -0x1.b82ce4p-6f, 0x1.ce2f22p-4f,   -0x1.812746p-2f, 0x1.20dd76p+0f};
    const Vec series = a * polynomial(a * a, terms);
    const Vec far = vec(1) - exp_of_square(a, 1) * scaled_erfc(a);
    return copy_sign(select(vec(0.75f) > a, series, far), x);
}

inline Vec tanh(Vec x) {
    const Vec t = exp_less_one(abs(x) * vec(-2));
    return copy_sign(t / (vec(-2) - t), x);
}

// 1 / (1 + e^-x), by e^-|x| so that nothing overflows.
inline Vec sigmoid(Vec x) {
    const Vec e = exp(vec(0) - abs(x));
    return select(vec(0) > x, e, vec(1)) / (vec(1) + e);
}

// ln(1 + e^x).
inline Vec softplus(Vec x) { return max(vec(0), x) + log_one_plus(exp(vec(0) - abs(x))); }

// x tanh(ln(1 + e^x)), the hyperbolic tangent as n / (n + 2), n = e^x (e^x + 2).
inline Vec mish(Vec x) {
    const Vec e = exp(min(vec(20.0f), x));  // beyond it the factor is 1
    const Vec n = e * (e + vec(2));
    return x * (n / (n + vec(2)));
}

// x/2 erfc(-x / sqrt 2): no digits are lost where x is below 0.
inline Vec gelu(Vec x) {
    const Vec a = min(vec(14.2f), abs(x));  // beyond it the smaller half is 0
    const Vec half = vec(0.5f) * exp_of_square(a, 0.5f) * scaled_erfc(a * vec(0x1.6a09e6p-1f));
    return x * select(vec(0) > x, half, vec(1) - half);
}

// x/2 (1 + tanh u) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3).
inline Vec gelu_tanh(Vec x) { return x * sigmoid(x * fma(x * x, vec(0x1.2444f2p-4f), vec(0x1.988454p+0f))); }

}  // namespace
}  // namespace octavo

#endif
