// Family band: copies of image rows with their padding, from which convolutions read every tap at a fixed distance, and beside
// them the rests of the rows: where the bytes that the taps of a kernel row cover are no multiple of four, those beyond the last
// multiple, of several kernel rows, side by side.
#ifndef OCTAVO_KERNELS_BAND_H
#define OCTAVO_KERNELS_BAND_H

#include <stdint.h>

namespace octavo {

// A row is `left` bytes of padding, `bytes` of the image, `right` of padding. Nothing beside these is written or read.
struct BandArgs {
    const uint8_t* from;  // the image's bytes of the first row
    int64_t from_pitch;   // bytes from row to row
    uint8_t* to;
    int64_t pitch;
    int64_t rows, left, bytes, right;
    uint8_t padding;  // as it is to appear
    uint8_t flip;     // exclusive or with the image's bytes
};

// Bytes of a plane that come from one kernel row, the same ones of every pixel.
struct RestPiece {
    int64_t offset;  // plane byte i comes from byte i + offset of the line
    uint64_t bytes;  // which of `step` bytes, repeated
    int64_t plane;   // ascending; a plane has one to four pieces
};

// Planes of some lines, a line's one behind the other: `steps` times `step` bytes each, and as many more as make the last 64.
struct RestArgs {
    const uint8_t* line;   // the first; 64 bytes are readable from each step's bytes on
    uint8_t* to;           // its planes
    int64_t lines, pitch;  // bytes from line to line, and from their planes to the next's
    int64_t steps, step;   // step: bytes of some whole pixels, 1 to 64
    const RestPiece* pieces;
    int64_t count;
};

inline int64_t rest_plane_bytes(int64_t steps, int64_t step) { return (steps - 1) * step + 64; }

struct BandRow {
    const char* isa;
    int bytes_a_cycle;  // of pieces, roughly: to decide whether rests are worth it
    void (*copy)(const BandArgs&);
    void (*rests)(const RestArgs&);
};

extern const BandRow band_scalar, band_avx512;

}  // namespace octavo

#endif
