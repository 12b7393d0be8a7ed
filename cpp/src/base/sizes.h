// Sizes that are checked where they come from the caller, and the arithmetic of blocks.
#ifndef OCTAVO_BASE_SIZES_H
#define OCTAVO_BASE_SIZES_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace octavo {

template <class T>
constexpr T ceil_div(T a, T b) {
    return (a + b - 1) / b;
}

// The least multiple of `step` that is not below `a`.
template <class T>
constexpr T round_up(T a, T step) {
    return ceil_div(a, step) * step;
}

// Product and sum of sizes that are not negative; throw OCTAVO_OUT_OF_MEMORY where 63 bits do not hold the result.
inline int64_t checked_multiply(int64_t a, int64_t b) {
    int64_t product;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product))
        throw Error(OCTAVO_OUT_OF_MEMORY,
                    "a size of " + std::to_string(a) + " x " + std::to_string(b) + " does not fit the address space");
    return product;
}

inline int64_t checked_add(int64_t a, int64_t b) {
    int64_t sum;
    if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &sum))
        throw Error(OCTAVO_OUT_OF_MEMORY,
                    "a size of " + std::to_string(a) + " + " + std::to_string(b) + " does not fit the address space");
    return sum;
}

inline int64_t checked_product(const std::vector<int64_t>& dims) {
    int64_t product = 1;
    for (int64_t d : dims) product = checked_multiply(product, d);
    return product;
}

}  // namespace octavo

#endif
