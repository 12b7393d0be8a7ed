// The kernels of family band.
#ifndef OCTAVO_REGISTRY_BAND_H
#define OCTAVO_REGISTRY_BAND_H

#include "cpu/isa.h"
#include "kernels/band.h"

namespace octavo {

const BandRow& band_row(Isa cap);

}  // namespace octavo

#endif
