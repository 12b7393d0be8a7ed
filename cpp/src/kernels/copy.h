// Copies of elements of 1, 4 or 8 bytes that lie apart.
#ifndef OCTAVO_KERNELS_COPY_H
#define OCTAVO_KERNELS_COPY_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// y[i * y_step] = x[i * x_step], i < n; steps in elements, of any sign. x_step 0 repeats an element.
using StridedCopy = void (*)(const void* x, int64_t x_step, void* y, int64_t y_step, int64_t n);

struct CopyKernels {
    const char* suffix;
    StridedCopy bytes, words, longs;  // elements of 1, 4 and 8 bytes
    // count runs of so many bytes: from x + places[i] to y + i * y_step, steps and places in bytes.
    void (*runs)(const void* x, const int64_t* places, int64_t run, void* y, int64_t y_step, int64_t count);

    StridedCopy of(int64_t element) const { return element == 1 ? bytes : element == 4 ? words : longs; }
};

extern const CopyKernels copy_scalar;

}  // namespace octavo

#endif
