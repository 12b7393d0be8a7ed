// Transposition of a matrix of elements of 1, 4 or 8 bytes: between rows of channels and planes.
#ifndef OCTAVO_KERNELS_TRANSPOSE_H
#define OCTAVO_KERNELS_TRANSPOSE_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// y[j * y_stride + i] = x[i * x_stride + j], i < rows, j < columns; strides in elements, x_stride >= columns, y_stride >= rows.
using TransposeFunction = void (*)(const void* x, int64_t x_stride, void* y, int64_t y_stride, int64_t rows,
                                   int64_t columns);

struct TransposeKernels {
    const char* suffix;
    TransposeFunction bytes, words;  // elements of 1 and of 4 bytes
    TransposeFunction longs;         // of 8 bytes; the scalar row alone has it
};

extern const TransposeKernels transpose_scalar, transpose_avx2;

}  // namespace octavo

#endif
