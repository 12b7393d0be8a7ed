// Weights packed for family depthwise: a filter a channel, taps in groups, channels in blocks.
#ifndef OCTAVO_PACK_FILTERS_H
#define OCTAVO_PACK_FILTERS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "kernels/depthwise.h"

namespace octavo {

class Filters {
public:
    // weights [channels][taps].
    Filters(const DepthwiseRow& row, const int8_t* weights, int64_t channels, int64_t taps);

    const DepthwiseRow& row() const { return *row_; }
    int64_t taps() const { return taps_; }  // rounded up to the row's group
    const std::byte* data() const { return data_.data(); }
    size_t bytes() const { return data_.bytes(); }
    // Channel of each packed position; -1: padding.
    const std::vector<int64_t>& order() const { return order_; }

private:
    const DepthwiseRow* row_;
    int64_t taps_;
    std::vector<int64_t> order_;
    AlignedArray<std::byte> data_;
};

}  // namespace octavo

#endif
