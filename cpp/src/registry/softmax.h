// Softmax: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_SOFTMAX_H
#define OCTAVO_REGISTRY_SOFTMAX_H

#include "cpu/isa.h"
#include "kernels/reduce.h"

namespace octavo {

// The best row under the cap.
const SoftmaxKernels& softmax_kernels(Isa cap);

}  // namespace octavo

#endif
