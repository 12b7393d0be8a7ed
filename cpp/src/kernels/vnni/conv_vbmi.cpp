// Family conv on AVX512-VNNI with VBMI: sixteen pixels in the lanes of a vector, two vectors at once; a load of 64 bytes and one
// byte permute give all their groups, each weight is broadcast to all pixels.
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

// Byte t of the [16 pixels, outputs] result in the two vectors that to_bytes made of outputs 0 to 3 and 4 to 7.
template <int outputs>
constexpr Indices scatter_indices() {
    Indices x = {};
    for (int t = 0; t < 16 * outputs; t++) {
        const int pixel = t / outputs, o = t % outputs;
        x.at[t] = static_cast<uint8_t>((o < 4 ? 0 : 64) + 16 * (pixel / 4) + 4 * (o % 4) + pixel % 4);
    }
    return x;
}

OCTAVO_INLINE __mmask64 first_bytes(int64_t count) {
    return count >= 64 ? ~0ull : count <= 0 ? 0 : (1ull << count) - 1;
}

template <int outputs>
OCTAVO_INLINE void write_pixels(const OutputStage& stage, const Rounding& r, __m512i (&sums)[outputs], uint8_t* c,
                                int64_t pixels) {
    static constexpr Indices indices = scatter_indices<outputs>();
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

template <int stride, int outputs, int vectors>
OCTAVO_INLINE void some_pixels(const ConvLineArgs& args, const Rounding& r, int64_t first, int64_t pixels) {
    static constexpr Indices indices = gather_indices<stride>();
    const __m512i gather = _mm512_load_si512(indices.at);
    __m512i sums[vectors][outputs];
#pragma GCC unroll 8
    for (int o = 0; o < outputs; o++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            sums[v][o] = _mm512_set1_epi32(args.stage->start[o]);
            opaque(sums[v][o]);
        }
    }
    const uint8_t* base = args.a + first * stride;
    const int8_t* b = args.b;
    for (int64_t g = 0; g < args.groups; g++, b += 4 * outputs) {
        const uint8_t* a = base + args.offsets[g];
        opaque(a);
        __m512i x[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            x[v] = _mm512_permutexvar_epi8(gather, _mm512_loadu_si512(a + 16 * v * stride));
#pragma GCC unroll 8
        for (int o = 0; o < outputs; o++) {
            int32_t bytes;
            __builtin_memcpy(&bytes, b + 4 * o, 4);
            const __m512i w = _mm512_set1_epi32(bytes);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                sums[v][o] = _mm512_dpbusd_epi32(sums[v][o], x[v], w);
                opaque(sums[v][o]);
            }
        }
    }
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) {
        write_pixels<outputs>(*args.stage, r, sums[v], args.c + (first + 16 * v) * outputs, pixels - 16 * v);
    }
}

template <int stride, int outputs>
void line(const ConvLineArgs& args) {
    const Rounding r = rounding(*args.stage);
    int64_t p = 0;
    for (; p + 16 < args.pixels; p += 32) some_pixels<stride, outputs, 2>(args, r, p, args.pixels - p);
    if (p < args.pixels) some_pixels<stride, outputs, 1>(args, r, p, args.pixels - p);
}

}  // namespace

#define OCTAVO_OUTPUTS(s) \
    { line<s, 1>, line<s, 2>, line<s, 3>, line<s, 4>, line<s, 5>, line<s, 6>, line<s, 7>, line<s, 8> }
const ConvLineRow conv_line_vnni = {"vnni",
                                    {OCTAVO_OUTPUTS(1), OCTAVO_OUTPUTS(2), OCTAVO_OUTPUTS(3), OCTAVO_OUTPUTS(4)}};
#undef OCTAVO_OUTPUTS

}  // namespace octavo
