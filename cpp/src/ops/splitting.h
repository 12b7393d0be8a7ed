// How the work of an operator is cut for threads and caches.
#ifndef OCTAVO_OPS_SPLITTING_H
#define OCTAVO_OPS_SPLITTING_H

#include <algorithm>
#include <cstdint>

#include "base/sizes.h"

namespace octavo {

// Pieces that work of `nanoseconds` on one thread is worth: none below 20 us, a few a thread so that they even out.
inline int64_t pieces_worth(double nanoseconds, int threads) {
    if (threads <= 1) return 1;
    return std::clamp<int64_t>(static_cast<int64_t>(nanoseconds / 20000), 1, int64_t{4} * threads);
}

}  // namespace octavo

#endif
