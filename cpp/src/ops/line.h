// Operators along one axis: a value in memory as [outer][count][inner], a line being the `count` elements along the axis.
#ifndef OCTAVO_OPS_LINE_H
#define OCTAVO_OPS_LINE_H

#include <cstdint>

#include "ops/checks.h"

namespace octavo {

struct Line {
    int64_t outer, count, inner;  // outer: of a sample
    bool batched;
};

// axis: logical; -1: the last. Throws where there is no such axis, or it is the batch.
Line line_along(const Checks& checks, const Value& x, int axis);

}  // namespace octavo

#endif
