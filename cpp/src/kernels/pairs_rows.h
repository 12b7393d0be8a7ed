// Rows of A for family pairs: the bytes of each row side by side, and as words in the order of the form cross. With vectors of 128
// and 256 bits on every instruction set: the copies are bound by loads and stores.
#ifndef OCTAVO_KERNELS_PAIRS_ROWS_H
#define OCTAVO_KERNELS_PAIRS_ROWS_H

#include <immintrin.h>

#include "kernels/pairs.h"

namespace octavo {
namespace {

#define OCTAVO_ALWAYS inline __attribute__((always_inline))

OCTAVO_ALWAYS __m128i load_16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
OCTAVO_ALWAYS void store_16(void* p, __m128i x) { _mm_storeu_si128(static_cast<__m128i*>(p), x); }

// Copies exactly `length` bytes.
OCTAVO_ALWAYS void copy_run(const uint8_t* from, int64_t length, uint8_t* to) {
    if (length >= 16) {
        for (int64_t i = 0; i < length - 16; i += 16) store_16(to + i, load_16(from + i));
        store_16(to + length - 16, load_16(from + length - 16));
        return;
    }
    int64_t i = 0;
    if (length >= 8) {
        __builtin_memcpy(to, from, 8);
        i = 8;
    }
    if (length - i >= 4) {
        __builtin_memcpy(to + i, from + i, 4);
        i += 4;
    }
    for (; i < length; i++) to[i] = from[i];
}

// One row's bytes side by side, then zeros to the end of its chunks.
OCTAVO_ALWAYS void copy_row(const PairsRows& r, const uint8_t* a, uint8_t* to) {
    uint8_t* const end = to + 16 * r.chunks;
    for (int32_t i = 0; i < r.run_count; i++) {
        const uint8_t* from = a + r.runs[i].offset;
        const int64_t length = r.runs[i].length;
        if (r.over_read) {
            for (int64_t k = 0; k < length; k += 16) store_16(to + k, load_16(from + k));
        } else {
            copy_run(from, length, to);
        }
        to += length;
    }
    if (to < end) store_16(to, _mm_setzero_si128());
}

// 16 bytes of a row from their pieces.
template <bool words>
OCTAVO_ALWAYS __m128i chunk_of(const PairsRows& r, const uint8_t* a, int32_t number) {
    const RowPiece* piece = r.pieces + number * r.pieces_a_chunk;
    __m128i chunk = _mm_setzero_si128();
    for (int32_t i = 0; i < r.pieces_a_chunk; i++) {
        const __m128i mask = load_16(words ? piece[i].words : piece[i].bytes);
        chunk = _mm_or_si128(chunk, _mm_shuffle_epi8(load_16(a + piece[i].offset), mask));
    }
    return chunk;
}

// 16 words, in order; twice the sum of their a0 a1 + a2 a3 is added to `sum`.
OCTAVO_ALWAYS void widen(__m128i bytes, uint8_t* to, __m256i& sum) {
    const __m256i x = _mm256_cvtepu8_epi16(bytes);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, _mm256_shuffle_epi32(x, 0xb1)));
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), x);
}

// Words of whole chunks of bytes.
OCTAVO_ALWAYS void widen_all(const uint8_t* from, int64_t length, uint8_t* to, __m256i& sum) {
    const __m128i order = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    for (int64_t k = 0; k < length; k += 16) widen(_mm_shuffle_epi8(load_16(from + k), order), to + 2 * k, sum);
}

// Each group's sum is in both of its lanes: of all groups together.
OCTAVO_ALWAYS int32_t sum_of(__m256i x) {
    const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_unpackhi_epi64(half, half)));
}

void rows_of_bytes(const PairsRows& r) {
    for (int64_t i = 0; i < r.rows; i++) {
        const uint8_t* a = r.a + i * r.pixel_bytes;
        uint8_t* to = r.packed + i * r.stride;
        if (r.pieces == nullptr) {
            copy_row(r, a, to);
            continue;
        }
        for (int32_t k = 0; k < r.chunks; k++) store_16(to + 16 * k, chunk_of<false>(r, a, k));
    }
}

void rows_of_words(const PairsRows& r) {
    bool whole = true;
    for (int32_t i = 0; i < r.run_count; i++) whole = whole && r.runs[i].length % 16 == 0;
    for (int64_t i = 0; i < r.rows; i++) {
        const uint8_t* a = r.a + i * r.pixel_bytes;
        uint8_t* to = r.packed + i * r.stride;
        __m256i sum = _mm256_setzero_si256();
        if (r.pieces != nullptr) {
            for (int32_t k = 0; k < r.chunks; k++) widen(chunk_of<true>(r, a, k), to + 32 * k, sum);
        } else if (whole) {
            for (int32_t run = 0; run < r.run_count; run++) {
                widen_all(a + r.runs[run].offset, r.runs[run].length, to, sum);
                to += 2 * r.runs[run].length;
            }
        } else {
            // The bytes wait in the row's second half: words never overtake them.
            copy_row(r, a, to + 16 * r.chunks);
            widen_all(to + 16 * r.chunks, 16 * r.chunks, to, sum);
        }
        r.terms[i] = sum_of(sum);
    }
}

void image_of_words(const PairsImage& image) {
    uint32_t before = 0;
    for (int64_t k = 0; k < image.bytes; k += 16) {
        image.terms[k / 16] = static_cast<int32_t>(before);
        __m256i sum = _mm256_setzero_si256();
        widen_all(image.a + k, 16, image.words + 2 * k, sum);
        before += static_cast<uint32_t>(sum_of(sum));
    }
    image.terms[image.bytes / 16] = static_cast<int32_t>(before);
}

#undef OCTAVO_ALWAYS

}  // namespace
}  // namespace octavo

#endif
