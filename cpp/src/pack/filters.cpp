#include "pack/filters.h"

#include <algorithm>

#include "base/sizes.h"

namespace octavo {

namespace {

// The block for the next channels: one that holds all the rest and is filled more than half, else the widest that is filled.
const DepthwiseBlock& next_block(const DepthwiseRow& row, int64_t kernel, int64_t stride, int64_t channels,
                                 int64_t rest) {
    const DepthwiseBlock* filled = nullptr;
    for (int i = row.block_count - 1; i >= 0; i--) {
        const DepthwiseBlock& block = row.blocks[i];
        if (block.channels > channels) break;
        if (block.columns[kernel == 5][stride == 2].lines == nullptr) continue;
        if (block.channels >= rest && (filled == nullptr || 2 * rest > block.channels)) return block;
        if (block.channels <= rest) filled = &block;
    }
    return *filled;
}

// The weight of a tap, or of none.
int8_t weight_of(const int8_t* filter, int tap) { return tap < 0 ? int8_t{0} : filter[tap]; }

}  // namespace

Filters::Filters(const DepthwiseRow& row, const int8_t* weights, int64_t channels, int64_t taps)
    : row_(&row), taps_(round_up<int64_t>(taps, row.taps_grouped)) {
    const int64_t grouped = row.taps_grouped, block = row.channels;
    const int64_t blocks = ceil_div(channels, block);
    for (int64_t i = 0; i < blocks * block; i++) {
        const int64_t channel = i / block * block + row.order[i % block];
        order_.push_back(channel < channels ? channel : -1);
    }
    const size_t element = grouped == 4 ? 1 : 2;
    data_ = AlignedArray<std::byte>(static_cast<size_t>(blocks * block * taps_) * element);
    for (int64_t i = 0; i < blocks * block; i++) {
        const int64_t channel = order_[static_cast<size_t>(i)];
        for (int64_t t = 0; t < taps && channel >= 0; t++) {
            const int64_t at = i / block * taps_ * block + (t / grouped * block + i % block) * grouped + t % grouped;
            const int8_t w = weights[channel * taps + t];
            if (element == 1) {
                reinterpret_cast<int8_t*>(data_.data())[at] = w;
            } else {
                reinterpret_cast<int16_t*>(data_.data())[at] = w;
            }
        }
    }
}

ColumnFilters::ColumnFilters(const DepthwiseRow& row, const int8_t* weights, int64_t channels, int64_t kernel,
                             int64_t stride) {
    const int64_t grouped = row.taps_grouped;
    const size_t element = grouped == 4 ? 1 : 2;
    size_t bytes = 0;
    for (int64_t channel = 0; channel < channels;) {
        const DepthwiseBlock& block = next_block(row, kernel, stride, channels, channels - channel);
        const DepthwiseColumns& columns = block.columns[kernel == 5][stride == 2];
        const int64_t first = std::min(channel, channels - block.channels);
        blocks_.push_back({&columns, block.channels, first, static_cast<int64_t>(order_.size()), bytes});
        for (int i = 0; i < block.channels; i++) order_.push_back(first + block.order[i]);
        bytes += static_cast<size_t>(columns.groups * block.channels * grouped) * element;
        channel = first + block.channels;
    }
    data_ = AlignedArray<std::byte>(bytes);
    for (const Block& block : blocks_) {
        std::byte* to = data_.data() + block.weights;
        int64_t at = 0;
        for (int g = 0; g < block.kernel->groups; g++) {
            for (int64_t i = 0; i < block.channels; i++) {
                const int8_t* filter = weights + order_[static_cast<size_t>(block.column + i)] * kernel * kernel;
                for (int64_t t = 0; t < grouped; t++, at++) {
                    const int8_t w = weight_of(filter, block.kernel->taps[g * grouped + t]);
                    if (element == 1) {
                        reinterpret_cast<int8_t*>(to)[at] = w;
                    } else {
                        reinterpret_cast<int16_t*>(to)[at] = w;
                    }
                }
            }
        }
    }
}

ImageFilters::ImageFilters(const DepthwiseImage& image, const int8_t* weights, int64_t channels) {
    constexpr int64_t block = 16;
    for (int64_t first = 0; first < channels; first += block) {
        for (int64_t i = 0; i < block; i++) order_.push_back(std::min(first, channels - block) + i);
    }
    data_ = AlignedArray<std::byte>(order_.size() * static_cast<size_t>(image.groups) * 4);
    auto* to = reinterpret_cast<int8_t*>(data_.data());
    for (size_t first = 0; first < order_.size(); first += block) {
        for (int g = 0; g < image.groups; g++) {
            for (size_t i = first; i < first + block; i++) {
                const int8_t* filter = weights + order_[i] * image.kernel * image.kernel;
                for (int t = 0; t < 4; t++) *to++ = weight_of(filter, image.taps[4 * g + t]);
            }
        }
    }
}

}  // namespace octavo
