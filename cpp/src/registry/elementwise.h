// Elementwise operators: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_ELEMENTWISE_H
#define OCTAVO_REGISTRY_ELEMENTWISE_H

#include "cpu/isa.h"
#include "kernels/elementwise.h"

namespace octavo {

// The best row under the cap.
const ElementwiseKernels& elementwise_kernels(Isa cap);

}  // namespace octavo

#endif
