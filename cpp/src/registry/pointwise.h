// Functions of floats and products of codes: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_POINTWISE_H
#define OCTAVO_REGISTRY_POINTWISE_H

#include "cpu/isa.h"
#include "kernels/pointwise.h"

namespace octavo {

// The best row under the cap. The one of Isa::scalar has all functions.
const PointwiseKernels& pointwise_kernels(Isa cap);

}  // namespace octavo

#endif
