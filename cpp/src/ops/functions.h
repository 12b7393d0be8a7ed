// The functions of elementwise operators: their names, and what the unary ones are of real numbers.
#ifndef OCTAVO_OPS_FUNCTIONS_H
#define OCTAVO_OPS_FUNCTIONS_H

#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "ops/op.h"

namespace octavo {

// Of octavo_unary, octavo_binary, octavo_relation and octavo_reduction: "hard_swish".
const char* unary_name(int32_t function);
const char* binary_name(int32_t function);
const char* relation_name(int32_t relation);
const char* reduction_name(int32_t kind);

// A function of octavo_unary from numbers to numbers, in double.
double unary_of_real(int32_t function, double x, double alpha, double beta);

// The result for each byte of codes of x: the function of the real number, in codes of y. NaN becomes the zero point.
AlignedArray<uint8_t> unary_table(const Attributes& attributes, const Value& x, const Value& y);

}  // namespace octavo

#endif
