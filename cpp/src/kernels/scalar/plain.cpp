// Operators of integers and truth, comparisons, choices and casts.
#include "kernels/plain.h"

#include <math.h>

namespace octavo {
namespace {

using U8 = uint8_t;
using S8 = int8_t;
using S32 = int32_t;
using S64 = int64_t;

struct Bool {
    uint8_t value;
};

// What wraps is computed without a sign, in 64 bits.
uint64_t wide(int64_t x) { return static_cast<uint64_t>(x); }

struct Abs {
    static int64_t of(int64_t x) { return x < 0 ? static_cast<int64_t>(-wide(x)) : x; }
};
struct Neg {
    static int64_t of(int64_t x) { return static_cast<int64_t>(-wide(x)); }
};
struct Sign {
    static int64_t of(int64_t x) { return (x > 0) - (x < 0); }
};

struct Add {
    static int64_t of(int64_t a, int64_t b) { return static_cast<int64_t>(wide(a) + wide(b)); }
};
struct Sub {
    static int64_t of(int64_t a, int64_t b) { return static_cast<int64_t>(wide(a) - wide(b)); }
};
struct Mul {
    static int64_t of(int64_t a, int64_t b) { return static_cast<int64_t>(wide(a) * wide(b)); }
};
struct Div {
    static int64_t of(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? Neg::of(a) : a / b; }
};
// Of negative exponents what is left towards 0, and 0 of 0.
struct Pow {
    static int64_t of(int64_t base, int64_t exponent) {
        if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
        uint64_t power = 1, square = wide(base);
        for (; exponent > 0; exponent >>= 1) {
            if (exponent & 1) power *= square;
            square *= square;
        }
        return static_cast<int64_t>(power);
    }
};
struct Min {
    static int64_t of(int64_t a, int64_t b) { return a < b ? a : b; }
};
struct Max {
    static int64_t of(int64_t a, int64_t b) { return a > b ? a : b; }
};
struct Fmod {
    static int64_t of(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
};
struct Mod {
    static int64_t of(int64_t a, int64_t b) {
        const int64_t rest = Fmod::of(a, b);
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
};
struct Prelu {
    static int64_t of(int64_t a, int64_t b) { return a < 0 ? Mul::of(a, b) : a; }
};

struct Equal {
    template <class T>
    static bool of(T a, T b) {
        return a == b;
    }
};
struct Less {
    template <class T>
    static bool of(T a, T b) {
        return a < b;
    }
};
struct LessOrEqual {
    template <class T>
    static bool of(T a, T b) {
        return a <= b;
    }
};
struct Greater {
    template <class T>
    static bool of(T a, T b) {
        return a > b;
    }
};
struct GreaterOrEqual {
    template <class T>
    static bool of(T a, T b) {
        return a >= b;
    }
};

template <class F, class T>
void unary(const void* from, void* to, int64_t n) {
    const T* x = static_cast<const T*>(from);
    T* y = static_cast<T*>(to);
    for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(F::of(x[i]));
}

template <class F, class T>
void binary(const void* left, const void* right, void* to, int64_t n) {
    const T *a = static_cast<const T*>(left), *b = static_cast<const T*>(right);
    T* y = static_cast<T*>(to);
    for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(F::of(a[i], b[i]));
}

template <class F, class T>
void compare(const void* left, const void* right, void* to, int64_t n) {
    const T *a = static_cast<const T*>(left), *b = static_cast<const T*>(right);
    U8* y = static_cast<U8*>(to);
    for (int64_t i = 0; i < n; i++) y[i] = F::of(a[i], b[i]);
}

struct And {
    static int of(int a, int b) { return a & b; }
};
struct Or {
    static int of(int a, int b) { return a | b; }
};
struct Xor {
    static int of(int a, int b) { return a ^ b; }
};
struct Not {
    static int of(int x) { return x ^ 1; }
};

void is_nan(const void* from, void* to, int64_t n) {
    const float* x = static_cast<const float*>(from);
    U8* y = static_cast<U8*>(to);
    for (int64_t i = 0; i < n; i++) y[i] = x[i] != x[i];
}

void is_infinite(const float* x, U8* y, int64_t n, bool below, bool above) {
    for (int64_t i = 0; i < n; i++)
        y[i] = static_cast<U8>((below & (x[i] < -__FLT_MAX__)) | (above & (x[i] > __FLT_MAX__)));
}

template <class To, class From>
struct Cast {
    static To of(From x) { return static_cast<To>(x); }
};
template <class To>
struct Cast<To, float> {
    static To of(float x) {
        const bool fits = x >= -0x1p63f && x < 0x1p63f;
        return static_cast<To>(fits ? static_cast<int64_t>(x) : INT64_MIN);
    }
};
template <>
struct Cast<float, float> {
    static float of(float x) { return x; }
};
template <class From>
struct Cast<Bool, From> {
    static Bool of(From x) { return {static_cast<U8>(x != 0)}; }
};
template <>
struct Cast<Bool, float> {
    static Bool of(float x) { return {static_cast<U8>(x != 0)}; }
};

template <class To, class From>
void cast(const void* from, void* to, int64_t n) {
    const From* x = static_cast<const From*>(from);
    To* y = static_cast<To*>(to);
    for (int64_t i = 0; i < n; i++) y[i] = Cast<To, From>::of(x[i]);
}

template <class T>
void choose(const U8* condition, const void* left, const void* right, void* to, int64_t n) {
    const T *a = static_cast<const T*>(left), *b = static_cast<const T*>(right);
    T* y = static_cast<T*>(to);
    for (int64_t i = 0; i < n; i++) y[i] = condition[i] != 0 ? a[i] : b[i];
}

#define OCTAVO_INTEGERS(family, F) \
    { family<F, U8>, family<F, S8>, family<F, S32>, family<F, S64> }
#define OCTAVO_NUMBERS(family, F) \
    { family<F, U8>, family<F, S8>, family<F, S32>, family<F, S64>, family<F, float> }
// Truth as a number is a byte.
#define OCTAVO_CASTS(From) \
    { cast<U8, From>, cast<S8, From>, cast<S32, From>, cast<S64, From>, cast<float, From>, cast<Bool, From> }

}  // namespace

const PlainKernels plain_scalar = {
    {OCTAVO_INTEGERS(unary, Abs), OCTAVO_INTEGERS(unary, Neg), OCTAVO_INTEGERS(unary, Sign)},
    {OCTAVO_INTEGERS(binary, Add), OCTAVO_INTEGERS(binary, Sub), OCTAVO_INTEGERS(binary, Mul),
     OCTAVO_INTEGERS(binary, Div), OCTAVO_INTEGERS(binary, Pow), OCTAVO_INTEGERS(binary, Min),
     OCTAVO_INTEGERS(binary, Max), OCTAVO_INTEGERS(binary, Mod), OCTAVO_INTEGERS(binary, Fmod),
     OCTAVO_INTEGERS(binary, Prelu)},
    {OCTAVO_NUMBERS(compare, Equal), OCTAVO_NUMBERS(compare, Less), OCTAVO_NUMBERS(compare, LessOrEqual),
     OCTAVO_NUMBERS(compare, Greater), OCTAVO_NUMBERS(compare, GreaterOrEqual)},
    {binary<And, U8>, binary<Or, U8>, binary<Xor, U8>},
    unary<Not, U8>,
    is_nan,
    is_infinite,
    {OCTAVO_CASTS(U8), OCTAVO_CASTS(S8), OCTAVO_CASTS(S32), OCTAVO_CASTS(S64), OCTAVO_CASTS(float), OCTAVO_CASTS(U8)},
    {choose<U8>, choose<uint32_t>, choose<uint64_t>},
};

}  // namespace octavo
