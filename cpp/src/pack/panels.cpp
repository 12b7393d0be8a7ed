#include "pack/panels.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"
#include "pack/bytes.h"

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

void Panels::add(const int8_t* weights, int64_t columns, int64_t depth, int64_t output, int64_t a_offset, int group) {
    for (int64_t first = 0; first < columns; first += tile_->columns) {
        Panel panel = {};
        panel.output = output + first;
        panel.columns = static_cast<int32_t>(std::min<int64_t>(tile_->columns, columns - first));
        panel.a_offset = static_cast<int32_t>(a_offset);
        panel.group = group;
        panels_.push_back(panel);
        sources_.push_back({weights + first * depth, depth});
    }
}

void Panels::finish(const GroupLayout& layout, const Share& share) {
    const int64_t width = tile_->columns;
    const size_t bytes = round_up(static_cast<size_t>(layout.groups() * width * 4), alignment);
    for (size_t p = 0; p < panels_.size(); p++) panels_[p].offset = p * bytes;
    data_ = AlignedArray<std::byte>::uninitialized(panels_.size() * bytes);
    share(static_cast<int64_t>(panels_.size()), [&](int64_t p) {
        const Source& source = sources_[static_cast<size_t>(p)];
        const Panel& panel = panels_[static_cast<size_t>(p)];
        std::byte* const to = data_.data() + panel.offset;
        std::memset(to, 0, bytes);
        pack_groups(source.weights, source.depth, panel.columns, layout.source.data(), layout.groups(), width,
                    reinterpret_cast<int8_t*>(to));
    });
    sources_ = {};
}

std::vector<int64_t> Panels::order() const {
    std::vector<int64_t> order;
    for (const Panel& panel : panels_) {
        for (int j = 0; j < tile_->columns; j++) order.push_back(j < panel.columns ? panel.output + j : -1);
    }
    return order;
}

}  // namespace octavo
