// The output stage of integer products, from the descriptions of its operands to the arrays that kernels read.
#ifndef OCTAVO_OPS_OUTPUT_STAGE_H
#define OCTAVO_OPS_OUTPUT_STAGE_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/memory.h"
#include "kernels/output.h"
#include "ops/op.h"
#include "ops/weights.h"

namespace octavo {

// Quantized activations as the kernels see them: u8. s8 is read with the top bit flipped, which adds 128 to code and zero point.
struct Activations {
    float scale;
    int zero_point;  // of the u8 codes
    bool flip;
    int code_min, code_max;  // least and largest u8 code that occurs, the zero point (padding) included
};
Activations quantized_input(const Value& x, const std::string& where);
// Of a product: with an s32 result also integers, which count as they are.
Activations product_input(const Value& x, const Value& y, const std::string& where);
// Throws Refusal: constants have no memory in a run, where products read their activations.
void refuse_constant(const Value& x, const std::string& where);

// Limits of a quantized result: its codes, cut by the activation, whichever operator does it.
struct Limits {
    int lo, hi;
};
Limits quantized_limits(const Value& y, const Attributes& attributes, const std::string& where);

struct PackedStage {
    AlignedArray<int32_t> start, weight_zero;
    AlignedArray<float> bias, bias_scale, multiplier;
    OutputStage values = {};

    int64_t bytes() const;
    // The stage with its pointers into these arrays, wherever the object has moved.
    OutputStage stage() const;
};

struct StageOperands {
    const DenseWeights* weights;
    Activations x;
    const Value* bias;      // null: none
    const Value* residual;  // null: none
    const Value* y;
    const Attributes* attributes;
    std::string where;
    int threads = 1;                  // that may pack
    SharedObjects* shared = nullptr;  // where packed forms are looked up first; null: each operator has its own
};

// Throws unless there is no bias, or one that integer kernels take.
void require_bias(const StageOperands& operands);

// order: output channel of each packed column, -1 for padding.
std::shared_ptr<const PackedStage> pack_stage(const StageOperands& operands, const std::vector<int64_t>& order);

// max, then min, of a float result by the activation; nothing without one.
void clamp_floats(float* y, int64_t count, const Attributes& attributes, int threads);

}  // namespace octavo

#endif
