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

// The same for lines by columns of taps: all channels in blocks of the row's widths. Where the last channels fill no block, the
// last block begins earlier and repeats some of the one before, so that no kernel needs a mask.
class ColumnFilters {
public:
    struct Block {
        const DepthwiseColumns* kernel;
        int64_t channels;
        int64_t channel;  // first one
        int64_t column;   // of the arrays in packed order
        size_t weights;   // offset in the data
    };

    // weights [channels][kernel][kernel]; stride: along the line; there are at least as many channels as the narrowest block has.
    ColumnFilters(const DepthwiseRow& row, const int8_t* weights, int64_t channels, int64_t kernel, int64_t stride);

    const std::vector<Block>& blocks() const { return blocks_; }
    const std::byte* data(const Block& block) const { return data_.data() + block.weights; }
    size_t bytes() const { return data_.bytes(); }
    const std::vector<int64_t>& order() const { return order_; }

private:
    std::vector<Block> blocks_;
    std::vector<int64_t> order_;
    AlignedArray<std::byte> data_;
};

// The same for images of a known width: [blocks][groups][16][4], the last block like that of ColumnFilters.
class ImageFilters {
public:
    // weights [channels][kernel][kernel]; at least 16 channels.
    ImageFilters(const DepthwiseImage& image, const int8_t* weights, int64_t channels);

    const std::byte* data() const { return data_.data(); }
    size_t bytes() const { return data_.bytes(); }
    const std::vector<int64_t>& order() const { return order_; }

private:
    std::vector<int64_t> order_;
    AlignedArray<std::byte> data_;
};

}  // namespace octavo

#endif
