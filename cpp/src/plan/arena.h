// Where a run's inner values live: one block of memory, shared by values that are never needed at the same time.
#ifndef OCTAVO_PLAN_ARENA_H
#define OCTAVO_PLAN_ARENA_H

#include <cstddef>
#include <vector>

namespace octavo {

// A value's need: bytes from the step that writes it to the last step that reads it, both included.
struct Lifetime {
    size_t bytes;
    int first, last;
};

struct Arena {
    std::vector<size_t> offsets;  // one a lifetime, multiples of `alignment`
    size_t bytes = 0;
};

// Greedy best fit: the largest value first, each into the smallest gap that holds it between the values whose lifetimes touch
// its own, or behind them. (Pisarchyk & Lee, Efficient Memory Management for Deep Neural Net Inference, 2020: "greedy by size".)
// Throws Error(OCTAVO_OUT_OF_MEMORY) where the sum of the sizes overflows.
Arena plan_arena(const std::vector<Lifetime>& lifetimes);

}  // namespace octavo

#endif
