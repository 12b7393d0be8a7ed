#include "pack/filters.h"

#include "base/sizes.h"

namespace octavo {

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

}  // namespace octavo
