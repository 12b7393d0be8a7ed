// Transposition, the definition.
#include "kernels/transpose.h"

namespace octavo {
namespace {

template <class T>
void transpose(const void* x, int64_t x_stride, void* y, int64_t y_stride, int64_t rows, int64_t columns) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            static_cast<T*>(y)[j * y_stride + i] = static_cast<const T*>(x)[i * x_stride + j];
}

}  // namespace

const TransposeKernels transpose_scalar = {"scalar", transpose<uint8_t>, transpose<uint32_t>, transpose<uint64_t>};

}  // namespace octavo
