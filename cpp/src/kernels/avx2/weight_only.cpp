// Family weight_only on AVX2 and FMA: columns in lanes, three rows by 32 columns. Registers of the tile: 12 sums, one of x, a
// weight.
#include "kernels/weight_only.h"

#include <immintrin.h>

namespace octavo {
namespace {

#define OCTAVO_INLINE inline __attribute__((always_inline))

constexpr int vectors = 4, panel = 8 * vectors, most_rows = 3;

// Keeps g++ from moving a register's value through memory.
OCTAVO_INLINE void opaque(__m256& x) { asm("" : "+x"(x)); }

template <int rows, bool zeros>
OCTAVO_INLINE void multiply(const float* x, int64_t stride, const float* zero, int v, __m256i w,
                            __m256 (&sums)[rows][vectors]) {
    __m256 level = _mm256_cvtepi32_ps(w);
    if (zeros) level = _mm256_sub_ps(level, _mm256_load_ps(zero + 8 * v));
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        sums[i][v] = _mm256_fmadd_ps(_mm256_broadcast_ss(x + i * stride), level, sums[i][v]);
        opaque(sums[i][v]);
    }
}

struct Bytes {
    template <int rows, bool zeros>
    static OCTAVO_INLINE void add(const WeightOnlyArgs& args, int64_t first, int64_t count, const float* zero,
                                  __m256 (&sums)[rows][vectors]) {
        const int8_t* weights = static_cast<const int8_t*>(args.weights) + first * panel;
        const float* x = args.x + first;
        for (const float* const end = x + count; x != end; x++, weights += panel) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(weights + 8 * v));
                multiply<rows, zeros>(x, args.x_stride, zero, v, _mm256_cvtepi8_epi32(bytes), sums);
            }
        }
    }
};

struct Codes {
    // Four k of eight columns at a time: looked up as bytes, each of the four then moved to the top and shifted down with its
    // sign.
    template <int rows, bool zeros>
    static OCTAVO_INLINE void add(const WeightOnlyArgs& args, int64_t first, int64_t count, const float* zero,
                                  __m256 (&sums)[rows][vectors]) {
        const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(args.table)));
        const uint8_t* codes = static_cast<const uint8_t*>(args.weights) + first / 8 * 4 * panel;
        const float* x = args.x + first;
        for (int64_t half = 0; count > 0; count -= 4, half ^= 1, x += 4) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                __m256i pairs = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes + 32 * v));
                if (half) pairs = _mm256_srli_epi16(pairs, 4);
                const __m256i levels = _mm256_shuffle_epi8(table, _mm256_and_si256(pairs, _mm256_set1_epi8(15)));
#pragma GCC unroll 4
                for (int k = 0; k < 4; k++) {
                    if (k >= count) break;
                    const __m256i w = _mm256_srai_epi32(_mm256_slli_epi32(levels, 24 - 8 * k), 24);
                    multiply<rows, zeros>(x + k, args.x_stride, zero, v, w, sums);
                }
            }
            if (half) codes += 4 * panel;
        }
    }
};

template <class Weights, int rows, bool zeros>
OCTAVO_INLINE void tile(const WeightOnlyArgs& args) {
    alignas(32) float totals[rows * panel];
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const __m256 start = args.bias != nullptr ? _mm256_load_ps(args.bias + 8 * v) : _mm256_setzero_ps();
            _mm256_store_ps(totals + i * panel + 8 * v, start);
        }
    }
    int64_t parameters = 0;
    for (int64_t first = 0; first < args.depth; first += args.group_size, parameters += args.group_step) {
        const int64_t left = args.depth - first, count = left < args.group_size ? left : args.group_size;
        __m256 sums[rows][vectors];
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                sums[i][v] = _mm256_setzero_ps();
                opaque(sums[i][v]);
            }
        }
        Weights::template add<rows, zeros>(args, first, count, zeros ? args.zeros + parameters : nullptr, sums);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const __m256 scale = _mm256_load_ps(args.scales + parameters + 8 * v);
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++) {
                float* total = totals + i * panel + 8 * v;
                _mm256_store_ps(total, _mm256_fmadd_ps(sums[i][v], scale, _mm256_load_ps(total)));
            }
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int v = 0; 8 * v < args.columns; v++) {
            const __m256i mask =
                _mm256_cmpgt_epi32(_mm256_set1_epi32(args.columns - 8 * v), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
            _mm256_maskstore_ps(args.y + i * args.y_stride + 8 * v, mask, _mm256_load_ps(totals + i * panel + 8 * v));
        }
    }
}

template <class Weights, int rows>
void product(const WeightOnlyArgs& args) {
    if (args.zeros != nullptr) {
        tile<Weights, rows, true>(args);
    } else {
        tile<Weights, rows, false>(args);
    }
}

const WeightOnlyFn bytes[most_rows] = {product<Bytes, 1>, product<Bytes, 2>, product<Bytes, 3>};
const WeightOnlyFn codes[most_rows] = {product<Codes, 1>, product<Codes, 2>, product<Codes, 3>};

}  // namespace

const WeightOnlyRow weight_only_avx2 = {"avx2", most_rows, panel, 12, bytes, codes, false};

}  // namespace octavo
