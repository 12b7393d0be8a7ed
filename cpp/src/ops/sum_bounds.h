// What the sums of a product can reach over all activations, for the weights that it has.
#ifndef OCTAVO_OPS_SUM_BOUNDS_H
#define OCTAVO_OPS_SUM_BOUNDS_H

#include "ops/output_stage.h"

namespace octavo {

// Throws Error(OCTAVO_UNSUPPORTED), naming the layer, if activations exist whose sum of products and s32 bias 32 bits do not hold.
void require_32_bit_sums(const StageOperands& operands);

// Vectors convert the steps of a quantized result to 32-bit integers, and what lies beyond becomes the least. True if no
// activations lead there; otherwise the definition, which saturates, has to run.
bool steps_fit_32_bits(const StageOperands& operands);
// The reason to give for it.
constexpr char steps_do_not_fit[] = "results may pass 2^31 steps, which the definition alone saturates";

}  // namespace octavo

#endif
