// Family conv on AVX512-VNNI with VBMI: sixteen pixels in the lanes of a vector, two vectors or four at once; a load of 64 bytes
// and one byte permute give all their groups, each weight is broadcast to all pixels.
#include "kernels/conv.h"

#include "kernels/output_avx512.h"

namespace octavo {
namespace {

struct Indices {
    alignas(64) uint8_t at[128];
};

// Byte i of lane p: the byte p * stride + i of the load.
template <int stride>
constexpr Indices gather_indices() {
    Indices x = {};
    for (int i = 0; i < 64; i++) x.at[i] = static_cast<uint8_t>(i / 4 * stride + i % 4);
    return x;
}

// The lane of a pixel: its number, or, where each lane is the maximum of two and two vectors were joined within 128 bits, that
// of the pair.
constexpr int lane_of(int pixel, bool pooled) { return pooled ? pixel % 8 / 2 * 4 + pixel / 8 * 2 + pixel % 2 : pixel; }

// Byte t of the [16 pixels, outputs] result in the two vectors that to_bytes made of outputs 0 to 3 and 4 to 7.
template <int outputs, bool pooled>
constexpr Indices scatter_indices() {
    Indices x = {};
    for (int t = 0; t < 16 * outputs; t++) {
        const int lane = lane_of(t / outputs, pooled), o = t % outputs;
        x.at[t] = static_cast<uint8_t>((o < 4 ? 0 : 64) + 16 * (lane / 4) + 4 * (o % 4) + lane % 4);
    }
    return x;
}

OCTAVO_INLINE __mmask64 first_bytes(int64_t count) {
    return count >= 64 ? ~0ull : count <= 0 ? 0 : (1ull << count) - 1;
}

template <int outputs, bool pooled>
OCTAVO_INLINE void write_pixels(const OutputStage& stage, const Rounding& r, __m512i (&sums)[outputs], uint8_t* c,
                                int64_t pixels) {
    static constexpr Indices indices = scatter_indices<outputs, pooled>();
    __m512i rounded[8];
#pragma GCC unroll 8
    for (int o = 0; o < 8; o++) {
        if (o < outputs) {
            __m512 x = _mm512_cvtepi32_ps(sums[o]);
            if (stage.bias != nullptr)
                x = _mm512_fmadd_ps(_mm512_set1_ps(stage.bias[o]), _mm512_set1_ps(stage.bias_scale[o]), x);
            rounded[o] = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(stage.multiplier[o])));
        } else {
            rounded[o] = rounded[0];
        }
    }
    const __m512i first = to_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r);
    const __m512i second = outputs > 4 ? to_bytes(rounded[4], rounded[5], rounded[6], rounded[7], r) : first;
    const int64_t bytes = pixels * outputs;
    const __m512i low = _mm512_permutex2var_epi8(first, _mm512_load_si512(indices.at), second);
    _mm512_mask_storeu_epi8(c, first_bytes(bytes), low);
    if constexpr (outputs > 4) {
        const __m512i high = _mm512_permutex2var_epi8(first, _mm512_load_si512(indices.at + 64), second);
        _mm512_mask_storeu_epi8(c + 64, first_bytes(bytes - 64), high);
    }
}

// Adds the products of the same bytes for lines [first, end).
template <int first, int end, int lines, int vectors, int outputs>
OCTAVO_INLINE void add_products(__m512i (&sums)[lines][vectors][outputs], const __m512i (&x)[vectors],
                                const int8_t*& b) {
#pragma GCC unroll 2
    for (int l = first; l < end; l++) {
#pragma GCC unroll 8
        for (int o = 0; o < outputs; o++) {
            int32_t bytes;
            __builtin_memcpy(&bytes, b + 4 * o, 4);
            const __m512i w = _mm512_set1_epi32(bytes);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                sums[l][v][o] = _mm512_dpbusd_epi32(sums[l][v][o], x[v], w);
                opaque(sums[l][v][o]);
            }
        }
        b += 4 * outputs;
    }
}

// Adds the products of `count` groups for the upper line, the lower, or both with the same bytes.
template <int stride, bool upper, bool lower, int lines, int vectors, int outputs>
OCTAVO_INLINE void add_groups(__m512i (&sums)[lines][vectors][outputs], __m512i gather, const uint8_t* base,
                              const int32_t*& offset, int64_t count, const int8_t*& b) {
    for (const int32_t* const end = offset + count; offset != end; offset++) {
        const uint8_t* a = base + *offset;
        opaque(a);
        __m512i x[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            x[v] = _mm512_permutexvar_epi8(gather, _mm512_loadu_si512(a + 16 * v * stride));
        add_products<upper ? 0 : 1, lower ? 2 : 1>(sums, x, b);
    }
}

// Adds the products of the groups that are joined of pieces.
template <int stride, int lines, int vectors, int outputs>
OCTAVO_INLINE void add_joined(__m512i (&sums)[lines][vectors][outputs], __m512i gather, const uint8_t* base,
                              const ConvLineArgs& args, const int8_t* b) {
    const ConvPiece* piece = args.pieces;
    for (const ConvPiece* const end = piece + args.joined * args.pieces_each; piece != end;) {
        __m512i x[vectors];
        const uint8_t* a = base + piece->offset;
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            x[v] = _mm512_maskz_permutexvar_epi8(piece->bytes, gather, _mm512_loadu_si512(a + 16 * v * stride));
        const ConvPiece* const next = piece + args.pieces_each;
        while (++piece != next) {
            a = base + piece->offset;
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                x[v] =
                    _mm512_mask_permutexvar_epi8(x[v], piece->bytes, gather, _mm512_loadu_si512(a + 16 * v * stride));
        }
        add_products<0, lines>(sums, x, b);
    }
}

template <int stride, int outputs, int lines, int vectors>
OCTAVO_INLINE void some_pixels(const ConvLineArgs& args, const Rounding& r, int64_t first) {
    static constexpr Indices indices = gather_indices<stride>();
    const __m512i gather = _mm512_load_si512(indices.at);
    __m512i sums[lines][vectors][outputs];
#pragma GCC unroll 8
    for (int o = 0; o < outputs; o++) {
#pragma GCC unroll 4
        for (int i = 0; i < lines * vectors; i++) {
            sums[i / vectors][i % vectors][o] = _mm512_set1_epi32(args.stage->start[o]);
            opaque(sums[i / vectors][i % vectors][o]);
        }
    }
    const uint8_t* base = args.a + first * stride;
    const int8_t* b = args.b;
    const int32_t* offset = args.offsets;
    add_groups<stride, true, false>(sums, gather, base, offset, args.groups[0], b);
    const int64_t left = args.pixels - first;
    if constexpr (lines == 1) {
        add_joined<stride>(sums, gather, base, args, b);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            write_pixels<outputs, false>(*args.stage, r, sums[0][v], args.c + (first + 16 * v) * outputs,
                                         left - 16 * v);
        }
    } else {
        add_groups<stride, true, true>(sums, gather, base, offset, args.groups[1], b);
        add_groups<stride, false, true>(sums, gather, base, offset, args.groups[2], b);
        add_joined<stride>(sums, gather, base, args, b);
        __m512i most[outputs];
#pragma GCC unroll 8
        for (int o = 0; o < outputs; o++) {
            const __m512 front = _mm512_castsi512_ps(_mm512_max_epi32(sums[0][0][o], sums[1][0][o]));
            const __m512 back = _mm512_castsi512_ps(_mm512_max_epi32(sums[0][vectors - 1][o], sums[1][vectors - 1][o]));
            most[o] = _mm512_max_epi32(_mm512_castps_si512(_mm512_shuffle_ps(front, back, 0x88)),
                                       _mm512_castps_si512(_mm512_shuffle_ps(front, back, 0xdd)));
        }
        write_pixels<outputs, true>(*args.stage, r, most, args.c + first / 2 * outputs,
                                    (left < 16 * vectors ? left : 16 * vectors) / 2);
    }
}

template <int stride, int outputs>
void line(const ConvLineArgs& args) {
    const Rounding r = rounding(*args.stage);
    int64_t p = 0;
    for (; p + 16 < args.pixels; p += 32) some_pixels<stride, outputs, 1, 2>(args, r, p);
    if (p < args.pixels) some_pixels<stride, outputs, 1, 1>(args, r, p);
}

template <int stride, int outputs>
void pooled(const ConvLineArgs& args) {
    // Sums of four vectors fit the registers up to six outputs.
    constexpr int vectors = outputs <= 6 ? 2 : 1;
    const Rounding r = rounding(*args.stage);
    int64_t p = 0;
    for (; p + 16 * (vectors - 1) < args.pixels; p += 16 * vectors)
        some_pixels<stride, outputs, 2, vectors>(args, r, p);
    if (p < args.pixels) some_pixels<stride, outputs, 2, 1>(args, r, p);
}

}  // namespace

#define OCTAVO_OUTPUTS(f, s) \
    { f<s, 1>, f<s, 2>, f<s, 3>, f<s, 4>, f<s, 5>, f<s, 6>, f<s, 7>, f<s, 8> }
#define OCTAVO_STRIDES(f) \
    { OCTAVO_OUTPUTS(f, 1), OCTAVO_OUTPUTS(f, 2), OCTAVO_OUTPUTS(f, 3), OCTAVO_OUTPUTS(f, 4) }
const ConvLineRow conv_line_vnni = {"vbmi", OCTAVO_STRIDES(line), OCTAVO_STRIDES(pooled)};
#undef OCTAVO_STRIDES
#undef OCTAVO_OUTPUTS

}  // namespace octavo
