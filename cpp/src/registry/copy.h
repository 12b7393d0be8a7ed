// Copies: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_COPY_H
#define OCTAVO_REGISTRY_COPY_H

#include "cpu/isa.h"
#include "kernels/copy.h"

namespace octavo {

// The best row under the cap.
const CopyKernels& copy_kernels(Isa cap);

}  // namespace octavo

#endif
