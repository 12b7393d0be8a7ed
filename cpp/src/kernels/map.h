// A function of one code: a table with the result for each of the 256 bytes.
#ifndef OCTAVO_KERNELS_MAP_H
#define OCTAVO_KERNELS_MAP_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

struct MapKernels {
    const char* suffix;
    // y[i] = table[x[i]]. table: [256], 64-byte aligned. y may be x.
    void (*bytes)(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t* table);
};

extern const MapKernels map_scalar, map_avx2, map_avx512, map_vnni;

}  // namespace octavo

#endif
