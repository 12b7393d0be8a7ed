// Planes to pixels with byte permutes (AVX512-VBMI): 64 codes of each channel are packed into a register, two permutes a
// register of output put the channels side by side and undo the packs' order at the same time.
#include <immintrin.h>

#include "kernels/pixels.h"

namespace octavo {
namespace {

__mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }

__mmask64 first_bytes(int64_t n) { return n >= 64 ? ~__mmask64{0} : n <= 0 ? 0 : (__mmask64{1} << n) - 1; }

// Where each byte of the output comes from: in channels 0 and 1 (the second is 64 and above), or, by the mask, 2 and 3.
template <int channels>
struct Orders {
    alignas(64) uint8_t index[channels][64] = {};
    uint64_t from_back[channels] = {};

    constexpr Orders() {
        for (int out = 0; out < channels; out++)
            for (int b = 0; b < 64; b++) {
                const int n = out * 64 + b, pixel = n / channels, channel = n % channels;
                // Packs work in lanes of 128 bits: element 16 j + 4 l + r is byte 16 l + 4 j + r.
                const int byte = pixel / 4 % 4 * 16 + pixel / 16 * 4 + pixel % 4;
                index[out][b] = static_cast<uint8_t>(channel % 2 * 64 + byte);
                if (channel >= 2) from_back[out] |= uint64_t{1} << b;
            }
    }
};

template <int channels>
constexpr Orders<channels> orders{};

// Codes up to the greatest, in 32 bits; NaN becomes `nan`, what is below the least is left to bytes.
struct Scale {
    __m512 inverse, z, nan, hi;
    __m512i lo;

    explicit Scale(const QuantizePixels& p)
        : inverse(_mm512_set1_ps(p.inverse)),
          z(_mm512_set1_ps(static_cast<float>(p.zero_point))),
          hi(_mm512_set1_ps(static_cast<float>(p.hi))),
          lo(_mm512_set1_epi8(static_cast<char>(p.lo))) {
        nan = _mm512_max_ps(_mm512_min_ps(z, hi), _mm512_set1_ps(static_cast<float>(p.lo)));
    }
    __m512 scaled(__m512 x) const { return _mm512_fmadd_ps(x, inverse, z); }
    __m512i codes(__m512 v) const { return _mm512_cvtps_epi32(_mm512_min_ps(v, hi)); }
};

// The same for quotients, to whose whole numbers the zero point is added: the limits are less by it.
struct QuotientScale {
    __m512 scale, nan, least, hi;
    __m512i z, lo;

    explicit QuotientScale(const QuantizePixels& p)
        : scale(_mm512_set1_ps(p.inverse)),
          least(_mm512_set1_ps(static_cast<float>(p.lo - p.zero_point))),
          hi(_mm512_set1_ps(static_cast<float>(p.hi - p.zero_point))),
          z(_mm512_set1_epi32(p.zero_point)),
          lo(_mm512_set1_epi8(static_cast<char>(p.lo))) {
        nan = _mm512_max_ps(_mm512_min_ps(_mm512_setzero_ps(), hi), least);
    }
    __m512 scaled(__m512 x) const { return _mm512_div_ps(x, scale); }
    __m512i codes(__m512 v) const {
        return _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_max_ps(_mm512_min_ps(v, hi), least)), z);
    }
};

// The codes of 64 floats, of which `left` are there, in the packs' order.
template <bool is_signed, bool whole, class S>
__m512i codes(const float* x, int64_t left, const S& s) {
    __m512 v[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const __m512 from =
            whole ? _mm512_loadu_ps(x + 16 * i) : _mm512_maskz_loadu_ps(first_lanes(left - 16 * i), x + 16 * i);
        v[i] = s.scaled(from);
    }
    if ((_mm512_cmp_ps_mask(v[0], v[1], _CMP_UNORD_Q) | _mm512_cmp_ps_mask(v[2], v[3], _CMP_UNORD_Q)) != 0)
        for (__m512& f : v) f = _mm512_mask_mov_ps(f, _mm512_cmp_ps_mask(f, f, _CMP_UNORD_Q), s.nan);
    __m512i q[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) q[i] = s.codes(v[i]);
    const __m512i front = _mm512_packs_epi32(q[0], q[1]), back = _mm512_packs_epi32(q[2], q[3]);
    return is_signed ? _mm512_max_epi8(_mm512_packs_epi16(front, back), s.lo)
                     : _mm512_max_epu8(_mm512_packus_epi16(front, back), s.lo);
}

template <int channels, bool is_signed, bool whole, class S>
void block(const float* x, int64_t plane_stride, uint8_t* y, int64_t left, const S& s) {
    __m512i q[4];
#pragma GCC unroll 4
    for (int c = 0; c < channels; c++) q[c] = codes<is_signed, whole>(x + c * plane_stride, left, s);
#pragma GCC unroll 4
    for (int out = 0; out < channels; out++) {
        const __m512i index = _mm512_load_si512(orders<channels>.index[out]);
        __m512i bytes = _mm512_permutex2var_epi8(q[0], index, q[1]);
        if (channels > 2) {
            const __mmask64 from_back = orders<channels>.from_back[out];
            const __m512i back =
                channels == 3 ? _mm512_permutexvar_epi8(index, q[2]) : _mm512_permutex2var_epi8(q[2], index, q[3]);
            bytes = _mm512_mask_mov_epi8(bytes, from_back, back);
        }
        if (whole)
            _mm512_storeu_si512(y + 64 * out, bytes);
        else
            _mm512_mask_storeu_epi8(y + 64 * out, first_bytes(left * channels - 64 * out), bytes);
    }
}

template <class S, int channels, bool is_signed>
void pixels(const QuantizePixels& p) {
    const S s(p);
    uint8_t* y = static_cast<uint8_t*>(p.y);
    int64_t i = 0;
    for (; i + 64 <= p.pixels; i += 64)
        block<channels, is_signed, true>(p.x + i, p.plane_stride, y + i * channels, 64, s);
    if (i < p.pixels) block<channels, is_signed, false>(p.x + i, p.plane_stride, y + i * channels, p.pixels - i, s);
}

template <class S, bool is_signed>
void pixels_any(const QuantizePixels& p) {
    if (p.channels == 2)
        pixels<S, 2, is_signed>(p);
    else if (p.channels == 3)
        pixels<S, 3, is_signed>(p);
    else
        pixels<S, 4, is_signed>(p);
}

}  // namespace

const PixelsKernels pixels_vnni = {"vbmi", pixels_any<Scale, false>, pixels_any<Scale, true>,
                                   pixels_any<QuotientScale, false>, pixels_any<QuotientScale, true>};

}  // namespace octavo
