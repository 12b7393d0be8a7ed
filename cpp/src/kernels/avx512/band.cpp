// Family band with masked loads and stores of 64 bytes.
#include <immintrin.h>

#include "kernels/band.h"

namespace octavo {
namespace {

__mmask64 below(int64_t count) { return count >= 64 ? ~0ull : count <= 0 ? 0 : (1ull << count) - 1; }

void copy(const BandArgs& args) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(args.flip));
    const __m512i padding = _mm512_set1_epi8(static_cast<char>(args.padding ^ args.flip));
    const int64_t width = args.left + args.bytes + args.right;
    for (int64_t column = 0; column < width; column += 64) {
        const __mmask64 inside = below(args.left + args.bytes - column) & ~below(args.left - column);
        const __mmask64 stored = below(width - column);
        const uint8_t* from = args.from + (column - args.left);
        uint8_t* to = args.to + column;
        if (inside == ~0ull && stored == ~0ull) {
            for (int64_t row = 0; row < args.rows; row++, from += args.from_pitch, to += args.pitch)
                _mm512_storeu_si512(to, _mm512_xor_si512(_mm512_loadu_si512(from), flip));
        } else if (stored == ~0ull) {
            for (int64_t row = 0; row < args.rows; row++, from += args.from_pitch, to += args.pitch) {
                const __m512i x = _mm512_mask_loadu_epi8(padding, inside, from);
                _mm512_storeu_si512(to, _mm512_xor_si512(x, flip));
            }
        } else {
            for (int64_t row = 0; row < args.rows; row++, from += args.from_pitch, to += args.pitch) {
                const __m512i x = _mm512_mask_loadu_epi8(padding, inside, from);
                _mm512_mask_storeu_epi8(to, stored, _mm512_xor_si512(x, flip));
            }
        }
    }
}

// One step of one plane, of all lines.
template <int count>
void join(const RestArgs& args, const RestPiece* pieces, const uint8_t* line, uint8_t* to) {
    for (int64_t l = 0; l < args.lines; l++, line += args.pitch, to += args.pitch) {
        __m512i x = _mm512_maskz_loadu_epi8(pieces[0].bytes, line + pieces[0].offset);
#pragma GCC unroll 4
        for (int i = 1; i < count; i++) x = _mm512_mask_loadu_epi8(x, pieces[i].bytes, line + pieces[i].offset);
        _mm512_storeu_si512(to, x);
    }
}

void rests(const RestArgs& args) {
    static constexpr decltype(&join<1>) joins[] = {join<1>, join<2>, join<3>, join<4>};
    const RestPiece* const end = args.pieces + args.count;
    for (const RestPiece* piece = args.pieces; piece != end;) {
        const RestPiece* const first = piece;
        while (piece != end && piece->plane == first->plane) piece++;
        uint8_t* to = args.to + first->plane * rest_plane_bytes(args.steps, args.step);
        for (int64_t s = 0; s < args.steps; s++)
            joins[piece - first - 1](args, first, args.line + s * args.step, to + s * args.step);
    }
}

}  // namespace

const BandRow band_avx512 = {"avx512", 16, copy, rests};

}  // namespace octavo
