// Pooling: one row of output pixels, channels last. A plane of a row-major tensor is the case of one channel.
#ifndef OCTAVO_KERNELS_POOL_H
#define OCTAVO_KERNELS_POOL_H

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// The window of one output column: input columns begin, begin + dilation, .., `taps` of them, all inside the image.
struct PoolSpan {
    int32_t begin, taps;
    int32_t divisor;  // average: columns that count
};

struct PoolRow {
    const void* x;          // column 0 of the first image row under the window
    const void* x_end;      // one past the last byte of the tensor: nothing from there on is read
    int64_t row_stride;     // elements from one row under the window to the next
    int64_t column_stride;  // elements from one column under the window to the next: dilation * channels
    int64_t rows;           // rows under the window, at least 1
    int32_t row_divisor;    // average: rows that count
    const PoolSpan* spans;  // [width], taps at least 1
    int64_t width;          // output pixels
    int64_t regular_begin;  // of these, [regular_begin, regular_end) have equal taps, and begins `stride` columns apart
    int64_t regular_end;
    int64_t stride;
    int64_t channels;
    int32_t zero_point;      // average of codes: of x
    int32_t zero_y;          // and of y
    float scale;             // and scale_x / scale_y, 1 where both are the same
    int32_t lo, hi;          // codes: results are limited to [lo, hi]
    int64_t group_channels;  // average of codes: leading channels that take the form of whole vectors, a multiple of 8
    int32_t group_fused;     // that form: 1: rint(fma(S, m, z)); 0: rint(S * m) + z (then a multiple of 16)
    void* y;                 // [width, channels]
    // What the next call reads and no cache may have yet: soon_lines cache lines for each pixel of this one, side by side.
    // A hint that kernels of few channels ignore; 0: nothing.
    const char* soon;
    int64_t soon_lines;
    int32_t rows_shared;  // 1: the next call reads rows of this one again
};

using PoolFunction = void (*)(const PoolRow&);

struct PoolKernels {
    const char* suffix;  // "avx2"
    PoolFunction max_u8, max_s8, max_f32;
    // Codes: S = sum of (q - zero_point) over the window, m = scale / (row_divisor * span.divisor) in float32, z = zero_y;
    // rint(S * m + z), but the leading group_channels as said above; |S * m| below 2^31, except in the scalar row, which saturates. Floats: sum in row-major order, / divisor.
    PoolFunction average_u8, average_s8, average_f32;
};

extern const PoolKernels pool_scalar, pool_avx2, pool_avx512;

// The maximum of codes again, for rows that `fits` accepts; it looks at widths, strides and channels, not at pointers or rows.
struct PoolFewChannelsKernels {
    const char* suffix;
    bool (*fits)(const PoolRow&);
    PoolFunction max_u8, max_s8;
};

extern const PoolFewChannelsKernels pool_few_channels_vnni;

}  // namespace octavo

#endif
