#include "pack/panels.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"

namespace octavo {

void GroupLayout::add_run(int64_t offset, int64_t first, int64_t length) {
    for (int64_t at = 0; at < length; at += 4) {
        // The last group of a run starts early rather than ends late.
        const int64_t start = length - at >= 4 || length < 4 ? at : length - 4;
        offsets.push_back(static_cast<int32_t>(offset + start));
        for (int64_t i = start; i < start + 4; i++) {
            source.push_back(i < at || i >= length ? -1 : static_cast<int32_t>(first + i));
        }
    }
    if (length < 4) over_read = std::max(over_read, static_cast<int>(4 - length));
}

void Panels::add(const GroupLayout& layout, const int8_t* weights, int64_t columns, int64_t depth, int64_t output,
                 int64_t a_offset, int group) {
    const int64_t width = tile_->columns;
    for (int64_t first = 0; first < columns; first += width) {
        const int64_t count = std::min(width, columns - first);
        std::vector<int8_t> bytes(static_cast<size_t>(layout.groups() * width * 4));
        for (int64_t g = 0; g < layout.groups(); g++) {
            for (int64_t j = 0; j < count; j++) {
                for (int64_t i = 0; i < 4; i++) {
                    const int32_t k = layout.source[static_cast<size_t>(4 * g + i)];
                    if (k >= 0) bytes[static_cast<size_t>((g * width + j) * 4 + i)] = weights[(first + j) * depth + k];
                }
            }
        }
        Panel panel = {};
        panel.offset = unaligned_.size();
        panel.output = output + first;
        panel.columns = static_cast<int32_t>(count);
        panel.a_offset = static_cast<int32_t>(a_offset);
        panel.group = group;
        panels_.push_back(panel);
        unaligned_.resize(panel.offset + round_up(bytes.size(), alignment));
        std::memcpy(unaligned_.data() + panel.offset, bytes.data(), bytes.size());
    }
}

void Panels::finish() {
    if (unaligned_.empty()) return;
    data_ = AlignedArray<std::byte>(unaligned_.size());
    if (!unaligned_.empty()) std::memcpy(data_.data(), unaligned_.data(), unaligned_.size());
    unaligned_ = {};
}

std::vector<int64_t> Panels::order() const {
    std::vector<int64_t> order;
    for (const Panel& panel : panels_) {
        for (int j = 0; j < tile_->columns; j++) order.push_back(j < panel.columns ? panel.output + j : -1);
    }
    return order;
}

}  // namespace octavo
