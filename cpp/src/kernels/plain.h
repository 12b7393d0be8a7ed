// Operators of integers and truth, comparisons, choices and casts: plain loops, one for all instruction sets.
#ifndef OCTAVO_KERNELS_PLAIN_H
#define OCTAVO_KERNELS_PLAIN_H

#include <stdint.h>

#include "kernels/pointwise.h"

namespace octavo {

// Integers first. Truth is 0 or 1.
enum PlainType {
    plain_u8,
    plain_s8,
    plain_s32,
    plain_s64,
    integer_types,
    plain_f32 = integer_types,
    number_types,
    plain_bool = number_types,
    plain_types
};

// Numbered as octavo_relation.
enum Relation {
    relation_equal,
    relation_less,
    relation_less_or_equal,
    relation_greater,
    relation_greater_or_equal,
    relations
};

// Arrays of n; y may be an operand of the same type. Integers wrap.
using PlainUnary = void (*)(const void* x, void* y, int64_t n);
using PlainBinary = void (*)(const void* a, const void* b, void* y, int64_t n);

struct PlainKernels {
    PlainUnary unary[3][integer_types];  // unary_abs, unary_neg, unary_sign
    PlainBinary binary[number_functions][integer_types];
    PlainBinary compare[relations][number_types];  // y: truth; NaN compares false
    PlainBinary logic[3];                          // binary_and, binary_or, binary_xor
    PlainUnary logical_not;
    PlainUnary is_nan;  // f32 to truth
    void (*is_infinite)(const float* x, uint8_t* y, int64_t n, bool below, bool above);
    // To integers towards 0 as of 64 bits, which then wrap; floats beyond 64 bits and NaN are the least of these.
    PlainUnary cast[plain_types][plain_types];  // from, to
    // y[i] = condition[i] ? a[i] : b[i], of elements of 1, 4 and 8 bytes.
    void (*choose[3])(const uint8_t* condition, const void* a, const void* b, void* y, int64_t n);
};

extern const PlainKernels plain_scalar;

}  // namespace octavo

#endif
