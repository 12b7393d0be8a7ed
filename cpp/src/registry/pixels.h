// Planes to pixels: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_PIXELS_H
#define OCTAVO_REGISTRY_PIXELS_H

#include "cpu/isa.h"
#include "kernels/pixels.h"

namespace octavo {

// The best row under the cap.
const PixelsKernels& pixels_kernels(Isa cap);

}  // namespace octavo

#endif
