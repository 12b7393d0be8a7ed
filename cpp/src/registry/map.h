// Functions of one code: the table of instruction sets.
#ifndef OCTAVO_REGISTRY_MAP_H
#define OCTAVO_REGISTRY_MAP_H

#include "cpu/isa.h"
#include "kernels/map.h"

namespace octavo {

// The best row under the cap.
const MapKernels& map_kernels(Isa cap);

}  // namespace octavo

#endif
