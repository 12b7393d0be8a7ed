// The part of an NHWC image that some lines of a convolution's output read, copied with its padding, so that kernels see every
// tap at a fixed distance.
#ifndef OCTAVO_OPS_IMAGE_BAND_H
#define OCTAVO_OPS_IMAGE_BAND_H

#include <cstddef>
#include <cstdint>

#include "ops/conv_geometry.h"
#include "registry/band.h"

namespace octavo {

// Lines [first, first + lines) of the output; rows of the band lie `pitch` bytes apart. padding: the code outside the image, as
// it is to appear; flip: the top bit of the image's codes is flipped on the way.
void copy_band(const BandRow& kernels, const ConvGeometry& g, const uint8_t* image, int64_t first, int64_t lines,
               uint8_t padding, bool flip, uint8_t* band, int64_t pitch);

// Copy with the top bit flipped where asked.
void copy_codes(const uint8_t* from, int64_t count, bool flip, uint8_t* to);

}  // namespace octavo

#endif
