// Family band, the definition.
#include "kernels/band.h"

#include <string.h>

namespace octavo {
namespace {

void copy(const BandArgs& args) {
    for (int64_t row = 0; row < args.rows; row++) {
        const uint8_t* from = args.from + row * args.from_pitch;
        uint8_t* to = args.to + row * args.pitch;
        memset(to, args.padding, static_cast<size_t>(args.left));
        to += args.left;
        if (args.flip == 0) {
            memcpy(to, from, static_cast<size_t>(args.bytes));
        } else {
            for (int64_t i = 0; i < args.bytes; i++) to[i] = static_cast<uint8_t>(from[i] ^ args.flip);
        }
        memset(to + args.bytes, args.padding, static_cast<size_t>(args.right));
    }
}

void rests(const RestArgs& args) {
    for (int64_t l = 0; l < args.lines; l++) {
        const uint8_t* line = args.line + l * args.pitch;
        for (int64_t p = 0; p < args.count; p++) {
            const RestPiece& piece = args.pieces[p];
            uint8_t* plane = args.to + l * args.pitch + piece.plane * rest_plane_bytes(args.steps, args.step);
            for (int64_t i = 0; i < args.steps * args.step; i++) {
                if (piece.bytes >> (i % args.step) & 1) plane[i] = line[i + piece.offset];
            }
        }
    }
}

}  // namespace

const BandRow band_scalar = {"scalar", 1, copy, rests};

}  // namespace octavo
