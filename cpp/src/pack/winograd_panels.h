// Filters of 3x3 taps transformed and packed for family winograd.
#ifndef OCTAVO_PACK_WINOGRAD_PANELS_H
#define OCTAVO_PACK_WINOGRAD_PANELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "kernels/winograd.h"
#include "pack/share.h"

namespace octavo {

class WinogradPanels {
public:
    // weights [outputs][3 * 3 taps][channels]; columns: of a panel.
    WinogradPanels(int columns, const int8_t* weights, int64_t outputs, int64_t channels, const Share& share);

    // True if the sums of codes 0..a_max come out whole; weights [outputs][depth] in any order.
    static bool hold(const int8_t* weights, int64_t outputs, int64_t depth, int a_max);

    int64_t panels() const { return panels_; }
    const int16_t* panel(int64_t number) const { return data_.data() + number * panel_words_; }
    size_t bytes() const { return data_.bytes(); }
    // Output channel of each packed column; -1: padding.
    std::vector<int64_t> order() const;

private:
    void fill(int64_t panel, const int8_t* weights, int64_t channels);

    int64_t columns_, outputs_, panels_, panel_words_;
    AlignedArray<int16_t> data_;
};

}  // namespace octavo

#endif
