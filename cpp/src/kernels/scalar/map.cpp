// A function of one code, the definition.
#include "kernels/map.h"

namespace octavo {
namespace {

void map_bytes(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table) {
    for (int64_t i = 0; i < n; i++) y[i] = table[x[i]];
}

}  // namespace

const MapKernels map_scalar = {"scalar", map_bytes};

}  // namespace octavo
