// Products of two matrices: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_MATMUL_H
#define OCTAVO_REGISTRY_MATMUL_H

#include "cpu/isa.h"
#include "kernels/matmul.h"

namespace octavo {

// The best row under the cap.
const MatMulKernels& matmul_kernels(Isa cap);

}  // namespace octavo

#endif
