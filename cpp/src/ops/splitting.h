// How the work of an operator is cut for threads and caches.
#ifndef OCTAVO_OPS_SPLITTING_H
#define OCTAVO_OPS_SPLITTING_H

#include <algorithm>
#include <cstdint>

#include "base/sizes.h"

namespace octavo {

// Pieces that work of `nanoseconds` on one thread is worth: none below 40 us, where there are enough the same number for each thread,
// and up to four so that they even out.
inline int64_t pieces_worth(double nanoseconds, int threads) {
    if (threads <= 1 || nanoseconds < 40000) return 1;
    const int64_t most = std::min<int64_t>(static_cast<int64_t>(nanoseconds / 20000), int64_t{4} * threads);
    const int64_t pieces = std::min(most, std::max<int64_t>(threads, static_cast<int64_t>(nanoseconds / 40000)));
    return pieces > threads ? pieces / threads * threads : pieces;
}

// Shares of `parts` for about so many pieces: all of the same size and as many for each thread; 1 where that cannot be.
inline int64_t even_shares(int64_t parts, int64_t pieces, int threads) {
    for (int64_t shares = std::min(parts, pieces); shares >= threads; shares--) {
        if (parts % shares == 0 && shares % threads == 0) return shares;
    }
    return 1;
}

}  // namespace octavo

#endif
