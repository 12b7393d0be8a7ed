// Family weight_only on AVX-512: columns in lanes, six rows by 64 columns. Registers of the tile: 24 sums, 6 of x, a weight.
#include "kernels/weight_only.h"

#include <immintrin.h>

namespace octavo {
namespace {

#define OCTAVO_INLINE inline __attribute__((always_inline))

constexpr int vectors = 4, panel = 16 * vectors, most_rows = 6;

// Keeps g++ from moving a register's value through memory.
OCTAVO_INLINE void opaque(__m512& x) { asm("" : "+v"(x)); }

// Row i of x at column k, i a constant: base, stride and three times the stride serve four rows, the next ones have a new base.
OCTAVO_INLINE __m512 broadcast_row(const float* x, int64_t stride, int64_t stride3, int i) {
    const float* base = x + (i / 4) * 4 * stride;
    return _mm512_set1_ps(*(i % 4 == 0   ? base
                            : i % 4 == 1 ? base + stride
                            : i % 4 == 2 ? base + 2 * stride
                                         : base + stride3));
}

template <int rows, bool zeros>
OCTAVO_INLINE void multiply(const float* x, int64_t stride, const float* zero, const __m512 (&w)[vectors],
                            __m512 (&sums)[rows][vectors]) {
    __m512 broadcast[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) broadcast[i] = broadcast_row(x, stride, 3 * stride, i);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const __m512 level = zeros ? _mm512_sub_ps(w[v], _mm512_load_ps(zero + 16 * v)) : w[v];
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            sums[i][v] = _mm512_fmadd_ps(broadcast[i], level, sums[i][v]);
            opaque(sums[i][v]);
        }
    }
}

struct Bytes {
    explicit OCTAVO_INLINE Bytes(const WeightOnlyArgs&) {}

    template <int rows, bool zeros>
    OCTAVO_INLINE void add(const WeightOnlyArgs& args, int64_t first, int64_t count, const float* zero,
                           __m512 (&sums)[rows][vectors]) const {
        const int8_t* weights = static_cast<const int8_t*>(args.weights) + first * panel;
        const float* x = args.x + first;
        for (const float* const end = x + count; x != end; x++, weights += panel) {
            __m512 w[vectors];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(weights + 16 * v));
                w[v] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
            }
            multiply<rows, zeros>(x, args.x_stride, zero, w, sums);
        }
    }
};

// The 16 levels fit a register as floats, and a permute looks 16 columns' codes up there: of an index it takes four bits.
struct Codes {
    explicit OCTAVO_INLINE Codes(const WeightOnlyArgs& args)
        : table(
              _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(args.table))))) {
        opaque(table);
    }

    template <int rows, bool zeros>
    OCTAVO_INLINE void add(const WeightOnlyArgs& args, int64_t first, int64_t count, const float* zero,
                           __m512 (&sums)[rows][vectors]) const {
        const uint8_t* codes = static_cast<const uint8_t*>(args.weights) + first / 8 * 4 * panel;
        const float* x = args.x + first;
        for (; count >= 8; count -= 8, x += 8, codes += 4 * panel) {
#pragma GCC unroll 8
            for (int k = 0; k < 8; k++) add_one<rows, zeros>(args, x + k, codes, k % 4 * 8 + k / 4 * 4, zero, sums);
        }
        for (int64_t k = 0; k < count; k++) {
            add_one<rows, zeros>(args, x + k, codes, static_cast<unsigned>(k % 4 * 8 + k / 4 * 4), zero, sums);
        }
    }

    template <int rows, bool zeros>
    OCTAVO_INLINE void add_one(const WeightOnlyArgs& args, const float* x, const uint8_t* codes, unsigned shift,
                               const float* zero, __m512 (&sums)[rows][vectors]) const {
        __m512 w[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const __m512i index = _mm512_srli_epi32(_mm512_load_si512(codes + 64 * v), shift);
            w[v] = _mm512_permutexvar_ps(index, table);
        }
        multiply<rows, zeros>(x, args.x_stride, zero, w, sums);
    }

    __m512 table;
};

template <class Weights, int rows, bool zeros>
OCTAVO_INLINE void tile(const WeightOnlyArgs& args) {
    const Weights weights(args);
    alignas(64) float totals[rows * panel];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const __m512 start = args.bias != nullptr ? _mm512_load_ps(args.bias + 16 * v) : _mm512_setzero_ps();
            _mm512_store_ps(totals + i * panel + 16 * v, start);
        }
    }
    int64_t parameters = 0;
    for (int64_t first = 0; first < args.depth; first += args.group_size, parameters += args.group_step) {
        const int64_t left = args.depth - first, count = left < args.group_size ? left : args.group_size;
        __m512 sums[rows][vectors];
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                sums[i][v] = _mm512_setzero_ps();
                opaque(sums[i][v]);
            }
        }
        weights.template add<rows, zeros>(args, first, count, zeros ? args.zeros + parameters : nullptr, sums);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            const __m512 scale = _mm512_load_ps(args.scales + parameters + 16 * v);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                float* total = totals + i * panel + 16 * v;
                _mm512_store_ps(total, _mm512_fmadd_ps(sums[i][v], scale, _mm512_load_ps(total)));
            }
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int v = 0; 16 * v < args.columns; v++) {
            const int columns = args.columns - 16 * v;
            const __mmask16 mask = static_cast<__mmask16>(columns >= 16 ? 0xffff : (1u << columns) - 1);
            _mm512_mask_storeu_ps(args.y + i * args.y_stride + 16 * v, mask,
                                  _mm512_load_ps(totals + i * panel + 16 * v));
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

const WeightOnlyFn bytes[most_rows] = {product<Bytes, 1>, product<Bytes, 2>, product<Bytes, 3>,
                                       product<Bytes, 4>, product<Bytes, 5>, product<Bytes, 6>};
const WeightOnlyFn codes[most_rows] = {product<Codes, 1>, product<Codes, 2>, product<Codes, 3>,
                                       product<Codes, 4>, product<Codes, 5>, product<Codes, 6>};

}  // namespace

const WeightOnlyRow weight_only_avx512 = {"avx512", most_rows, panel, 25, bytes, codes, true};

}  // namespace octavo
