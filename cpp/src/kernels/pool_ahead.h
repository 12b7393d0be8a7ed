// What the vector kernels of family pool share: rows of an image are short runs, which the hardware's prefetchers follow late.
#ifndef OCTAVO_KERNELS_POOL_AHEAD_H
#define OCTAVO_KERNELS_POOL_AHEAD_H

#include "kernels/pool.h"

namespace octavo {
namespace {

inline void fetch_soon(const PoolRow& p, int64_t pixel) {
    const char* from = p.soon + pixel * p.soon_lines * 64;
    for (int64_t i = 0; i < p.soon_lines; i++) {
        if (p.rows_shared)
            __builtin_prefetch(from + i * 64, 0, 2);  // L1 is for the rows that windows share
        else
            __builtin_prefetch(from + i * 64);
    }
}

}  // namespace
}  // namespace octavo

#endif
