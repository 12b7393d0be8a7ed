// What the products and results of family winograd have in common on all vectors.
#ifndef OCTAVO_KERNELS_WINOGRAD_TILES_H
#define OCTAVO_KERNELS_WINOGRAD_TILES_H

#include "kernels/winograd.h"

namespace octavo {
namespace {

// Some tiles of as many rows with one position's part of a panel: words, their stride in bytes, panel, pairs of channels, sums.
template <class Sums>
using WinogradTilesFn = void (*)(const uint8_t*, int64_t, const typename Sums::Vector*, int64_t, typename Sums::Vector*,
                                 int64_t);

// All positions, by functions for 1, 2, .. most_rows rows and `vectors` a row: tiles of evenly many rows, first those with one more,
// if there are such.
template <class Sums, int most_rows, int vectors>
void multiply_positions(const WinogradProducts& args, const WinogradTilesFn<Sums> (&tiles_of)[most_rows]) {
    using Vector = typename Sums::Vector;
    const int64_t stride = args.channels * 2, pairs = args.channels / 2;
    const int64_t tiles = (args.tiles + most_rows - 1) / most_rows;
    const int64_t least = args.tiles / tiles, larger = args.tiles % tiles, first = larger * (least + 1);
    const Vector* b = static_cast<const Vector*>(args.b);
    for (int position = 0; position < winograd_positions; position++) {
        const uint8_t* a = args.words + position * args.plane;
        Vector* to = reinterpret_cast<Vector*>(args.sums + position * args.sums_plane);
        if (larger > 0) tiles_of[least](a, stride, b, pairs, to, larger);
        tiles_of[least - 1](a + first * stride, stride, b, pairs, to + first * vectors, tiles - larger);
        b += pairs * vectors;
    }
}

// A' m, with the additions, subtractions and multiplications by four of Sums::Vector.
template <class Sums, class Vector>
OCTAVO_INLINE void transform_sums(const Vector (&m)[winograd_window], Vector (&y)[winograd_pixels]) {
    const Vector sum12 = Sums::add(m[1], m[2]), sum34 = Sums::add(m[3], m[4]);
    const Vector difference12 = Sums::subtract(m[1], m[2]), difference34 = Sums::subtract(m[3], m[4]);
    const Vector last = Sums::add(Sums::four_times(difference34), m[5]);
    y[0] = Sums::add(Sums::add(m[0], sum12), sum34);
    y[1] = Sums::add(difference12, Sums::add(difference34, difference34));
    y[2] = Sums::add(sum12, Sums::four_times(sum34));
    y[3] = Sums::add(difference12, Sums::add(last, last));
}

}  // namespace
}  // namespace octavo

#endif
