// Weights are packed on the threads that the plan may use.
#ifndef OCTAVO_OPS_PACKING_H
#define OCTAVO_OPS_PACKING_H

#include <cstdint>

#include "ops/output_stage.h"
#include "pack/share.h"

namespace octavo {

// For packing so many bytes.
Share packing_threads(int64_t bytes, int threads);
Share packing_threads(const StageOperands& operands);

}  // namespace octavo

#endif
