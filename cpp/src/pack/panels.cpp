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

namespace {

// True if no sum of two neighbouring products, each of a code in [0, a_max] and a weight, leaves 16 bits.
bool pairs_are_safe(const std::vector<int8_t>& bytes, int a_max) {
    for (size_t i = 0; i < bytes.size(); i += 2) {
        const int high = std::max<int>(bytes[i], 0) + std::max<int>(bytes[i + 1], 0);
        const int low = std::min<int>(bytes[i], 0) + std::min<int>(bytes[i + 1], 0);
        if (a_max * high > 32767 || a_max * low < -32768) return false;
    }
    return true;
}

}  // namespace

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
        panel.words = tile_->words != nullptr && !pairs_are_safe(bytes, a_max_);
        panels_.push_back(panel);
        const size_t size = bytes.size() * (panel.words ? 2 : 1);
        unaligned_.resize(panel.offset + round_up(size, alignment));
        std::byte* to = unaligned_.data() + panel.offset;
        if (!panel.words) {
            std::memcpy(to, bytes.data(), bytes.size());
            continue;
        }
        std::vector<int16_t> words(bytes.size());
        for (size_t at = 0; at < bytes.size(); at += 4) {
            const size_t group_at = at / static_cast<size_t>(width * 4), column = at / 4 % static_cast<size_t>(width);
            for (size_t i = 0; i < 4; i++) {
                const size_t half = 2 * group_at + i % 2;
                words[(half * static_cast<size_t>(width) + column) * 2 + i / 2] = bytes[at + i];
            }
        }
        std::memcpy(to, words.data(), size);
    }
}

void Panels::finish() {
    if (unaligned_.empty()) return;
    data_ = AlignedArray<std::byte>(unaligned_.size());
    if (!unaligned_.empty()) std::memcpy(data_.data(), unaligned_.data(), unaligned_.size());
    unaligned_ = {};
}

int Panels::words() const {
    return static_cast<int>(std::count_if(panels_.begin(), panels_.end(), [](const Panel& p) { return p.words; }));
}

std::vector<int64_t> Panels::order() const {
    std::vector<int64_t> order;
    for (const Panel& panel : panels_) {
        for (int j = 0; j < tile_->columns; j++) order.push_back(j < panel.columns ? panel.output + j : -1);
    }
    return order;
}

}  // namespace octavo
