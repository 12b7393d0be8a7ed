// The units in which integer products count: products and quotients of the scales that a caller gives.
#ifndef OCTAVO_PLAN_UNITS_H
#define OCTAVO_PLAN_UNITS_H

#include "ops/op.h"
#include "plan/signature.h"

namespace octavo {

// Refuses scales whose products or quotients are beyond the normal floats where results would then be wrong, and an s32 bias in
// another unit than the sums of products. Whoever runs the operator. Throws OCTAVO_INVALID_ARGUMENT.
void check_units(const OpDesc& desc, const Signature& signature);

}  // namespace octavo

#endif
