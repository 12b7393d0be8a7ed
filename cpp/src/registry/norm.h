// Normalization: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_NORM_H
#define OCTAVO_REGISTRY_NORM_H

#include "cpu/isa.h"
#include "kernels/norm.h"

namespace octavo {

// The best row under the cap.
const NormKernels& norm_kernels(Isa cap);

}  // namespace octavo

#endif
