// How elements move between two layouts of the same values.
#ifndef OCTAVO_OPS_MOVEMENT_H
#define OCTAVO_OPS_MOVEMENT_H

#include <string>

#include "ops/op.h"

namespace octavo {

// `images` matrices of rows x columns; transposed: rows and columns change places, else all is one run in the same order.
struct Movement {
    int64_t images = 1;  // a sample of a batch, or the whole of an unbatched value
    int64_t rows = 1, columns = 1;
    bool transposed = false;
    bool from_planes = false;  // rows are channels and columns pixels, or the other way round

    int64_t elements() const { return rows * columns; }
    std::string suffix() const;  // "_nchw_nhwc", "_nhwc_nchw" or ""
};

// From x's layout to the other one if `changes`; no transposition where both are the same bytes.
Movement movement(const Value& x, bool changes);

}  // namespace octavo

#endif
