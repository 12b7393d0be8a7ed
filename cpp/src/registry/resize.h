// Interpolation: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_RESIZE_H
#define OCTAVO_REGISTRY_RESIZE_H

#include "cpu/isa.h"
#include "kernels/resize.h"

namespace octavo {

// The best row under the cap.
const ResizeKernels& resize_kernels(Isa cap);

}  // namespace octavo

#endif
