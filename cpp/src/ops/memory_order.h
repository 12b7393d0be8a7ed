// Dimensions and axes of a value as they lie in memory: who works on these knows no layouts.
#ifndef OCTAVO_OPS_MEMORY_ORDER_H
#define OCTAVO_OPS_MEMORY_ORDER_H

#include <cstdint>
#include <vector>

#include "ops/op.h"

namespace octavo {

// Outermost first: an element's neighbours in memory differ in the last place.
struct MemoryOrder {
    std::vector<int64_t> dims;
    std::vector<int> axes;  // axes[i]: the logical axis that lies at place i

    // The place of a logical axis.
    int place(int axis) const;
};

MemoryOrder memory_order(const Value& value);

// Elements from an index of each logical axis to the next; of a batched value, strides[0] is a sample.
std::vector<int64_t> memory_strides(const Value& value);

}  // namespace octavo

#endif
