// Functions of floats and products of codes, the definition: the text of the vectors in one lane, and plain loops over the C
// library's functions where there is no other.
#include "kernels/vectors_one.h"
// What is written in terms of it.
#include "kernels/pointwise_vectors.h"

namespace octavo {
namespace {

template <class T>
void mul_codes(const MulCodes& p) {
    const T *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b);
    T* y = static_cast<T*>(p.y);
    for (int64_t i = 0; i < p.n; i++) {
        const float product = static_cast<float>((a[i] - p.zero_a) * (b[i] - p.zero_b));
        y[i] = static_cast<T>(requantize(product, p.multiplier, p.zero_y, p.lo, p.hi));
    }
}

template <float (*function)(float)>
void of_library(const float* x, float* y, int64_t n, float, float) {
    for (int64_t i = 0; i < n; i++) y[i] = function(x[i]);
}

template <float (*function)(float, float)>
void of_library(const float* a, const float* b, float* y, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = function(a[i], b[i]);
}

// The rest of the sign of b.
float modulus(float a, float b) {
    const float rest = fmodf(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

constexpr PointwiseKernels kernels() {
    PointwiseKernels k = pointwise_kernels("scalar", mul_codes<uint8_t>, mul_codes<int8_t>);
    k.unary[unary_sin] = of_library<sinf>;
    k.unary[unary_cos] = of_library<cosf>;
    k.unary[unary_tan] = of_library<tanf>;
    k.unary[unary_asin] = of_library<asinf>;
    k.unary[unary_acos] = of_library<acosf>;
    k.unary[unary_atan] = of_library<atanf>;
    k.unary[unary_sinh] = of_library<sinhf>;
    k.unary[unary_cosh] = of_library<coshf>;
    k.unary[unary_asinh] = of_library<asinhf>;
    k.unary[unary_acosh] = of_library<acoshf>;
    k.unary[unary_atanh] = of_library<atanhf>;
    k.binary[binary_pow] = of_library<powf>;
    k.binary[binary_mod] = of_library<modulus>;
    k.binary[binary_fmod] = of_library<fmodf>;
    return k;
}

}  // namespace

const PointwiseKernels pointwise_scalar = kernels();

}  // namespace octavo
