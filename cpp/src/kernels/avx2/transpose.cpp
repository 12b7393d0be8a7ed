// Transposition in registers: blocks of 16 x 16 bytes (four levels of unpacking) and of 8 x 8 words.
#include "kernels/transpose.h"

#include <immintrin.h>

namespace octavo {
namespace {

// Row i of the result holds byte i of each of the 16 registers. One level pairs register i with i + 8; four levels are the
// whole transposition.
void transpose_16(__m128i* v) {
    __m128i w[16];
    for (int level = 0; level < 4; level++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            w[2 * i] = _mm_unpacklo_epi8(v[i], v[i + 8]);
            w[2 * i + 1] = _mm_unpackhi_epi8(v[i], v[i + 8]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) v[i] = w[i];
    }
}

// A block of up to 16 rows and columns. x_end, y_end: one past what may be read and written; dense: a row of y ends where the
// next begins, so that rows written in order may run over.
void block_bytes(const uint8_t* x, int64_t x_stride, const uint8_t* x_end, uint8_t* y, int64_t y_stride, uint8_t* y_end,
                 bool dense, int64_t rows, int64_t columns) {
    __m128i v[16];
    for (int64_t i = 0; i < 16; i++) {
        const uint8_t* row = x + i * x_stride;
        if (i >= rows) {
            v[i] = _mm_setzero_si128();
        } else if (x_end - row >= 16) {
            v[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row));
        } else {
            uint8_t bytes[16] = {};
            for (int64_t j = 0; j < columns; j++) bytes[j] = row[j];
            v[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
        }
    }
    transpose_16(v);
    for (int64_t j = 0; j < columns; j++) {
        uint8_t* row = y + j * y_stride;
        if (rows == 16 || (dense && y_end - row >= 16)) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(row), v[j]);
        } else {
            uint8_t bytes[16];
            _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), v[j]);
            for (int64_t i = 0; i < rows; i++) row[i] = bytes[i];
        }
    }
}

// Where there are at least 16 rows or columns, the last block overlaps the one before it.
void bytes(const void* from, int64_t x_stride, void* to, int64_t y_stride, int64_t rows, int64_t columns) {
    const uint8_t* x = static_cast<const uint8_t*>(from);
    uint8_t* y = static_cast<uint8_t*>(to);
    const uint8_t* x_end = x + (rows - 1) * x_stride + columns;
    uint8_t* y_end = y + (columns - 1) * y_stride + rows;
    const bool dense = rows < 16 && y_stride == rows;
    for (int64_t j = 0; j < columns; j += 16) {
        const int64_t column = columns >= 16 && j + 16 > columns ? columns - 16 : j;
        const int64_t width = columns < 16 ? columns : 16;
        for (int64_t i = 0; i < rows; i += 16) {
            const int64_t row = rows >= 16 && i + 16 > rows ? rows - 16 : i;
            const int64_t height = rows < 16 ? rows : 16;
            block_bytes(x + row * x_stride + column, x_stride, x_end, y + column * y_stride + row, y_stride, y_end,
                        dense, height, width);
        }
    }
}

__m256i first_lanes(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n > 8 ? 8 : n)),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// whole: all 8 rows and columns are there. Masked stores are slow on AMD's CPUs, so where a row of y ends at the next one's begin,
// whole vectors are stored in order as long as they end before y_end (null: not so).
template <bool whole>
void block_words(const float* x, int64_t x_stride, float* y, int64_t y_stride, const float* y_end, int64_t rows,
                 int64_t columns) {
    const __m256i in = first_lanes(columns), out = first_lanes(rows);
    __m256 v[8], w[8];
#pragma GCC unroll 8
    for (int64_t i = 0; i < 8; i++)
        v[i] = whole      ? _mm256_loadu_ps(x + i * x_stride)
               : i < rows ? _mm256_maskload_ps(x + i * x_stride, in)
                          : _mm256_setzero_ps();
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        w[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        w[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        v[i] = _mm256_shuffle_ps(w[i], w[i + 2], 0x44);
        v[i + 1] = _mm256_shuffle_ps(w[i], w[i + 2], 0xee);
        v[i + 2] = _mm256_shuffle_ps(w[i + 1], w[i + 3], 0x44);
        v[i + 3] = _mm256_shuffle_ps(w[i + 1], w[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        w[i] = _mm256_permute2f128_ps(v[i], v[i + 4], 0x20);
        w[i + 4] = _mm256_permute2f128_ps(v[i], v[i + 4], 0x31);
    }
#pragma GCC unroll 8
    for (int64_t j = 0; j < 8; j++) {
        if (whole || (j < columns && y_end != nullptr && y_end - (y + j * y_stride) >= 8))
            _mm256_storeu_ps(y + j * y_stride, w[j]);
        else if (j < columns)
            _mm256_maskstore_ps(y + j * y_stride, out, w[j]);
    }
}

void words(const void* from, int64_t x_stride, void* to, int64_t y_stride, int64_t rows, int64_t columns) {
    const float* x = static_cast<const float*>(from);
    float* y = static_cast<float*>(to);
    const float* y_end = rows < 8 && y_stride == rows ? y + columns * rows : nullptr;
    for (int64_t j = 0; j < columns; j += 8)
        for (int64_t i = 0; i < rows; i += 8) {
            const auto block = rows - i >= 8 && columns - j >= 8 ? block_words<true> : block_words<false>;
            block(x + i * x_stride + j, x_stride, y + j * y_stride + i, y_stride, y_end, rows - i, columns - j);
        }
}

}  // namespace

const TransposeKernels transpose_avx2 = {"avx2", bytes, words, nullptr};

}  // namespace octavo
