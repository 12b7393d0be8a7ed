// What the loops of all instruction sets share; Vector is that of the including file.
#ifndef OCTAVO_BENCH_PEAK_LOOPS_H
#define OCTAVO_BENCH_PEAK_LOOPS_H

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bench/peak.h"

namespace octavo::bench {

// Instructions are written as such, each volatile: a compiler would otherwise take products out of the loop, or merge chains.
// Everything is inlined, so that an accumulator is a register.
template <class Vector>
inline __attribute__((always_inline)) void opaque(Vector* x) {
    asm volatile("" : "+v"(*x));
}

// Starts `count` chains with numbers that the compiler does not know, repeats step(&chain), and uses the chains at the end.
template <int count, class Vector, class Step>
inline __attribute__((always_inline)) void run_chains(int64_t steps, const Step& step) {
    Vector chains[count];
#pragma GCC unroll 32
    for (int i = 0; i < count; ++i) {
        chains[i] = Vector{};
        opaque(&chains[i]);
    }
    for (int64_t s = 0; s < steps; ++s) {
#pragma GCC unroll 32
        for (int i = 0; i < count; ++i) step(&chains[i]);
    }
#pragma GCC unroll 32
    for (int i = 0; i < count; ++i) opaque(&chains[i]);
}

// An operand that the compiler does not know.
template <class Vector>
inline __attribute__((always_inline)) Vector operand() {
    Vector x;
    std::memset(&x, 3, sizeof x);
    opaque(&x);
    return x;
}

template <class Vector>
inline __attribute__((always_inline)) void read_all(const std::byte* data, size_t bytes) {
    Vector sums[4] = {};
    for (size_t i = 0; i < bytes; i += 4 * sizeof(Vector)) {
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; ++j) {
            Vector x;
            std::memcpy(&x, data + i + j * sizeof(Vector), sizeof x);
            sums[j] += x;
        }
    }
#pragma GCC unroll 4
    for (Vector& sum : sums) opaque(&sum);
}

}  // namespace octavo::bench

#endif
