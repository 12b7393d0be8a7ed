// A reduction's walk over memory: which elements of x belong to which element of y.
#ifndef OCTAVO_OPS_REDUCTION_ORDER_H
#define OCTAVO_OPS_REDUCTION_ORDER_H

#include <cstdint>
#include <vector>

#include "ops/checks.h"

namespace octavo {

// A dimension that stays or one that is reduced, neighbours put together. Strides are in elements.
struct ReductionDim {
    int64_t size;
    int64_t x_stride;
    int64_t y_stride;  // of one that stays
};

struct ReductionOrder {
    std::vector<ReductionDim> kept, reduced;  // outermost first
    bool along = false;    // the last dimension in memory is reduced; otherwise it is the last of `kept`
    bool batched = false;  // the first of `kept` counts for one sample
    int64_t count = 1;     // elements of x in one of y
};

// axes: logical, each once. y's shape is x's with 1 in place of the axes, or without them. Throws where it is not, where the batch is
// reduced or there is nothing to reduce.
ReductionOrder reduction_order(const Checks& checks, const Value& x, const Value& y, const std::vector<int>& axes);

// Places of the elements of a walk over dimensions, the last one fastest.
class ReductionPlace {
public:
    ReductionPlace(const ReductionDim* dims, int count, int64_t index) : dims_(dims), count_(count) {
        for (int d = count - 1; d >= 0; d--) {
            at_[d] = d == 0 ? index : index % dims[d].size;
            index /= dims[d].size;
            x += at_[d] * dims[d].x_stride;
            y += at_[d] * dims[d].y_stride;
        }
    }
    void next() {
        for (int d = count_ - 1; d >= 0; d--) {
            at_[d]++;
            x += dims_[d].x_stride;
            y += dims_[d].y_stride;
            if (d == 0 || at_[d] < dims_[d].size) return;
            x -= at_[d] * dims_[d].x_stride;
            y -= at_[d] * dims_[d].y_stride;
            at_[d] = 0;
        }
    }

    int64_t x = 0, y = 0;

private:
    const ReductionDim* dims_;
    int count_;
    int64_t at_[OCTAVO_MAX_RANK] = {};
};

}  // namespace octavo

#endif
