// Transposition: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_TRANSPOSE_H
#define OCTAVO_REGISTRY_TRANSPOSE_H

#include "cpu/isa.h"
#include "kernels/transpose.h"

namespace octavo {

// The best row under the cap.
const TransposeKernels& transpose_kernels(Isa cap);

}  // namespace octavo

#endif
