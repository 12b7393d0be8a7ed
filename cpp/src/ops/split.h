// Work over a range, on as many threads as it is worth.
#ifndef OCTAVO_OPS_SPLIT_H
#define OCTAVO_OPS_SPLIT_H

#include <algorithm>
#include <cstdint>

#include "base/sizes.h"
#include "cpu/pool.h"

namespace octavo {

// What a thread must have to do to be worth waking: 20 us, in picoseconds. Costs are those of one core of Zen 4 with AVX-512;
// they need not be exact, for they choose only how many threads work, never what they compute.
constexpr int64_t worth_a_thread = 20'000'000;

// Calls body(begin, end) on parts of [0, n) that together are the whole; all but the last are multiples of `step` long.
// cost: picoseconds of one of the n.
template <class F>
void split(int64_t n, int64_t step, int64_t cost, int threads, const F& body) {
    const int64_t units = ceil_div(n, step);
    const int64_t parts = std::min<int64_t>({units, n * cost / worth_a_thread, threads});
    if (parts <= 1) {
        body(int64_t{0}, n);
        return;
    }
    parallel_for(parts, threads,
                 [&](int64_t i, int) { body(units * i / parts * step, std::min(n, units * (i + 1) / parts * step)); });
}

}  // namespace octavo

#endif
