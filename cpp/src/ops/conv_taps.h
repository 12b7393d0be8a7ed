// A convolution's weights and taps in the order in which products of lines take them.
#ifndef OCTAVO_OPS_CONV_TAPS_H
#define OCTAVO_OPS_CONV_TAPS_H

#include <cstdint>

#include "cpu/isa.h"
#include "ops/conv_geometry.h"
#include "ops/weights.h"
#include "pack/panels.h"

namespace octavo {

// [O, I, kh, kw] to [O, kh, kw, I * merged]: `merged` channel groups side by side, each output's weights at its own group's
// inputs and weights of value zero (the zero point) elsewhere. Made when they are looked at.
DenseWeights reordered(const DenseWeights& weights, const ConvGeometry& g, int64_t merged, Isa isa, const Share& share);

// Groups of K for `channels` consecutive input channels a tap, where a row of the image or its copy has `pitch` bytes.
GroupLayout taps_of(const ConvGeometry& g, int64_t pitch, int64_t channels);

// The same from the pixel itself instead of its first tap, with the taps of a column together: outer pixels miss whole columns.
GroupLayout columns_of_taps(const ConvGeometry& g, int64_t channels);

// Groups with few outputs share a vector: the largest number of them whose outputs fit one.
int64_t groups_to_merge(const ConvGeometry& g, int lanes);

}  // namespace octavo

#endif
