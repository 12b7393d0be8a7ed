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

void rests(const RestArgs& args) {
    const int64_t plane_bytes = rest_plane_bytes(args.steps, args.step);
    const RestPiece* const end = args.pieces + args.count;
    for (const RestPiece* piece = args.pieces; piece != end;) {
        const RestPiece* const first = piece;
        while (piece != end && piece->plane == first->plane) piece++;
        const uint8_t* line = args.line;
        uint8_t* to = args.to + first->plane * plane_bytes;
        for (int64_t s = 0; s < args.steps; s++, line += args.step, to += args.step) {
            __m512i x = _mm512_setzero_si512();
            for (const RestPiece* p = first; p != piece; p++) x = _mm512_mask_loadu_epi8(x, p->bytes, line + p->offset);
            _mm512_storeu_si512(to, x);
        }
    }
}

}  // namespace

const BandRow band_avx512 = {"avx512", 16, copy, rests};

}  // namespace octavo
