// Work over a range, on as many threads as it is worth.
#ifndef OCTAVO_OPS_SPLIT_H
#define OCTAVO_OPS_SPLIT_H

#include <algorithm>
#include <cstdint>

#include "base/sizes.h"
#include "cpu/pool.h"

namespace octavo {

// Bytes read and written, or their like, that a thread must have to do: some 20 µs of memory traffic from the cache.
constexpr int64_t bytes_per_thread = int64_t{256} << 10;

// Calls body(begin, end) on parts of [0, n) that together are the whole; all but the last are multiples of `step` long.
template <class F>
void split(int64_t n, int64_t step, int64_t bytes_per_unit, int threads, const F& body) {
    const int64_t units = ceil_div(n, step);
    const int64_t parts = std::min<int64_t>({units, n * bytes_per_unit / bytes_per_thread, threads});
    if (parts <= 1) {
        body(int64_t{0}, n);
        return;
    }
    parallel_for(parts, threads,
                 [&](int64_t i, int) { body(units * i / parts * step, std::min(n, units * (i + 1) / parts * step)); });
}

}  // namespace octavo

#endif
