// Reductions: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_REDUCE_H
#define OCTAVO_REGISTRY_REDUCE_H

#include "cpu/isa.h"
#include "kernels/reduce.h"

namespace octavo {

// The best row under the cap.
const ReduceKernels& reduce_kernels(Isa cap);

}  // namespace octavo

#endif
